/** Notices that the process which started us is gone, however it went. */

/** Time between two looks, ms. */
const LOOK_MS = 500

/** Calls `onGone` once when the parent process changes: an orphan is given to another one. */
export function watchParent(onGone: () => void): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    onGone()
  }, LOOK_MS)
  timer.unref()
}
