export const name = 'module-plugin'

export function double(value: number): number {
  return value * 2
}
