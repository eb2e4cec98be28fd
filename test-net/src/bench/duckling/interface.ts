/** What a model is asked when it is scored, and what comes of it. */

/** A question with the one right answer to it (training/duckling/draws.py). */
export interface Draw {
  readonly kind: string
  readonly question: string
  readonly answer: string
}

/** How many answers were right, of those asked. */
export interface Score {
  readonly right: number
  readonly asked: number
}

/** A wrong answer. */
export interface Mistake extends Draw {
  readonly given: string
}

/** Scores in the order in which the kinds first came. */
export interface Scores {
  readonly total: Score
  readonly kinds: Readonly<Record<string, Score>>
  /** The first few wrong answers of each kind. */
  readonly mistakes: readonly Mistake[]
}

export interface DucklingReport extends Scores {
  readonly model: { readonly name: string; readonly cid: string }
}
