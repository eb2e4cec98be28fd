/** Lets everything that is ready run: promise reactions, then one turn of the event loop. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Turns the event loop until `holds`; the test's own timeout is what fails when it never does. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await settle()
}
