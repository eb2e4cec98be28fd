/** Counts right and wrong answers by kind of question. */
import type { Draw, Mistake, Score, Scores } from './interface.ts'

/** Wrong answers that are shown for each kind. */
const SHOWN = 3

/** An answer is right when it is the expected text, to the letter; answers[i] is the one to draws[i]. */
export function scoreAnswers(draws: readonly Draw[], answers: readonly string[]): Scores {
  if (draws.length !== answers.length) {
    throw new RangeError(`${answers.length} answers were given to ${draws.length} questions.`)
  }
  const kinds = new Map<string, Score>()
  const mistakes: Mistake[] = []
  for (const [index, draw] of draws.entries()) {
    const given = answers[index] ?? ''
    const { right, asked } = kinds.get(draw.kind) ?? { right: 0, asked: 0 }
    const isRight = given === draw.answer
    kinds.set(draw.kind, { right: right + (isRight ? 1 : 0), asked: asked + 1 })
    if (!isRight && asked - right < SHOWN) mistakes.push({ ...draw, given })
  }
  return { total: sum([...kinds.values()]), kinds: Object.fromEntries(kinds), mistakes }
}

function sum(scores: readonly Score[]): Score {
  return scores.reduce(
    (total, { right, asked }) => ({ right: total.right + right, asked: total.asked + asked }),
    { right: 0, asked: 0 },
  )
}
