import { stringify } from 'yaml'

/** A value as YAML, with a comment before it; nothing is folded, so that an expression stands on one line. */
export function toYaml(value: unknown, comment = ''): string {
  const head = comment === '' ? '' : `${comment.replaceAll(/^/gm, '# ')}\n`
  return head + stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
}
