/** Whether an object has a property itself: in loops over its keys V8 knows this call, and not `Object.hasOwn`. */
export function isOwn(object: object, key: string): boolean {
  // oxlint-disable-next-line prefer-object-has-own -- takes twice the time
  return Object.prototype.hasOwnProperty.call(object, key)
}
