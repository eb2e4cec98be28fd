/** Answers the command `usage` of a parent process: what this process has used and sent so far. */

export interface Usage {
  cpuMs: number
  peakRssMiB: number
  sentBytes: number
}

/** `sentBytes` tells the bytes that were given to others. */
export function answerUsage(sentBytes: () => number): void {
  process.on('message', (message: { command?: string; id?: string }) => {
    if (message.command !== 'usage') return
    const { system, user } = process.cpuUsage()
    const peakRssMiB = process.resourceUsage().maxRSS / 1_024
    const result: Usage = { cpuMs: (system + user) / 1_000, peakRssMiB, sentBytes: sentBytes() }
    process.send?.({ id: message.id, ok: true, result })
  })
}
