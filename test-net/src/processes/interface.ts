/** What a launcher and its child processes say to each other. */

/** One line of a child's stdout. */
export interface ChildEvent {
  event: string
  [field: string]: unknown
}

export interface ChildExit {
  code: number | null
  signal: NodeJS.Signals | null
}

export interface ChildInit {
  /** For messages and logs. */
  name: string
  command: string
  args: readonly string[]
  env?: Readonly<Record<string, string>>
  /** Every line of stderr; the last ones are also kept for a failure. */
  onLog?: (line: string) => void
  onEvent?: (event: ChildEvent) => void
}

/** What a child answers when a command failed. */
export interface RemoteFailure {
  code: string
  message: string
  details?: Record<string, unknown>
  /** What it came from, outermost first. */
  cause?: string[]
}
