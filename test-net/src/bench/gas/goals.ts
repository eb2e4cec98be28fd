/** What each operation may cost, gas of the whole transaction: the goals of the issue and of DESIGN §13. */
export const GOALS = {
  depositAgain: 47_500,
  depositWithPermit: 78_000,
  allotAgain: 35_500,
  redeemSingle: 60_000,
  voucherOf64: 12_000,
  voucherOf256: 11_200,
  firstStake: 110_000,
  equivocationSlash: 80_000,
} as const

/** A slash by so many referees. */
export function quorumSlashGoal(signers: number): number {
  return 80_000 + 7_800 * signers
}
