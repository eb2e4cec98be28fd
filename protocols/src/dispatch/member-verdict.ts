/** What the revealed answers of a redundant job say together (rule R-10). Pure. */

/** One member's revealed answer. */
export interface RevealedAnswer {
  ids: readonly number[]
  text: string
}

/** Whether all gave the same ids. */
export function idsAgree(answers: readonly RevealedAnswer[]): boolean {
  const [first] = answers
  return answers.every(
    ({ ids }) =>
      ids.length === first?.ids.length && ids.every((id, index) => id === first.ids[index]),
  )
}

/**
 * Of members with equal ids, the one whose text to show. Text follows from ids, but nothing commits to it: the
 * one that most members gave counts, on a tie that of the first.
 */
export function chooseText<T extends RevealedAnswer>(answers: readonly [T, ...T[]]): T {
  const sharedBy = (answer: T): number => answers.filter(({ text }) => text === answer.text).length
  return answers.reduce((best, answer) => (sharedBy(answer) > sharedBy(best) ? answer : best))
}
