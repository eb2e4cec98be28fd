/** What a command writes and which exit code it sets, without ending the test. */
export interface Captured {
  out: string
  err: string
  exitCode: typeof process.exitCode
}

/** Runs `work` with both streams caught; `onOut` sees each write as it happens. */
export async function captured(
  work: () => unknown,
  onOut: (text: string) => void = () => undefined,
): Promise<Captured> {
  const { exitCode } = process
  const seen: Captured = { out: '', err: '', exitCode: undefined }
  const { stderr, stdout } = process
  const write = { out: stdout.write.bind(stdout), err: stderr.write.bind(stderr) }
  process.stdout.write = (text: string | Uint8Array): boolean => {
    seen.out += String(text)
    onOut(String(text))
    return true
  }
  process.stderr.write = (text: string | Uint8Array): boolean => {
    seen.err += String(text)
    return true
  }
  process.exitCode = undefined
  try {
    await work()
    seen.exitCode = process.exitCode
  } finally {
    process.stdout.write = write.out
    process.stderr.write = write.err
    process.exitCode = exitCode
  }
  return seen
}
