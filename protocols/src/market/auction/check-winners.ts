import { DuckMeshError } from '../../errors.ts'
import type { Choice } from './interface.ts'
import type { Hex } from '@duckmesh/proto'

/**
 * That the awards followed the choice (K-66): the winner of segment s has a place p <= s.
 *
 * @param winners awarded providers by segment
 * @throws DuckMeshError CHOICE_WRONG
 */
export function checkWinners(choice: Choice, winners: readonly Hex[]): void {
  winners.forEach((provider, segment) => {
    const place = choice.ranked.findIndex((bid) => bid.provider === provider)
    if (place >= 0 && place <= segment) return
    throw new DuckMeshError('CHOICE_WRONG', 'A segment went to a provider out of turn.', {
      details: { segment, place },
    })
  })
}
