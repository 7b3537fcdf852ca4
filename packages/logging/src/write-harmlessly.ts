/**
 * Writes to a standard stream as `console.log` does: a reader that went away must not end the application. Never throws.
 */
export function writeHarmlessly(stream: NodeJS.WriteStream, text: string): void {
  try {
    stream.once('error', ignore)
    stream.write(text, (error) => {
      if (error && stream.listenerCount('error') === 0) stream.once('error', ignore)
    })
  } catch {
    // A stream that is destroyed or replaced: there is no console any more.
  } finally {
    stream.removeListener('error', ignore)
  }
}

function ignore(): void {}
