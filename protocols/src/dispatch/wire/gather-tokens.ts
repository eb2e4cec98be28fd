/** Joins tokens that come close together into one group, so that a fast model does not cost a frame a token. */
import type { Clock } from '../../components.ts'
import type { StepFinish, TokenGroup } from '../interface.ts'

const TIME_IS_UP: unique symbol = Symbol('time is up')

/** The same tokens in the same order: the first group at once, later ones gathered for up to `gatherMs`, 0 for never. */
export async function* gatherTokens(
  groups: AsyncGenerator<TokenGroup, StepFinish>,
  clock: Clock,
  gatherMs: number,
): AsyncGenerator<TokenGroup, StepFinish> {
  const first = await groups.next()
  if (first.done === true) return first.value
  yield first.value
  if (gatherMs === 0) return yield* groups
  let pending = groups.next()
  for (;;) {
    const next = await pending
    if (next.done === true) return next.value
    const gathered = { ids: [...next.value.ids], text: next.value.text }
    const limit = timeLimit(clock, gatherMs)
    for (;;) {
      pending = groups.next()
      const more = await Promise.race([pending, limit.reached])
      if (more === TIME_IS_UP || more.done === true) break
      gathered.ids.push(...more.value.ids)
      gathered.text += more.value.text
    }
    limit.cancel()
    yield gathered
  }
}

function timeLimit(
  clock: Clock,
  ms: number,
): { reached: Promise<typeof TIME_IS_UP>; cancel: () => void } {
  let cancel: () => void = () => undefined
  const reached = new Promise<typeof TIME_IS_UP>((resolve) => {
    cancel = clock.after(ms, () => {
      resolve(TIME_IS_UP)
    })
  })
  return { reached, cancel }
}
