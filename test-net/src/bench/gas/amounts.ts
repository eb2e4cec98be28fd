/** Amounts of the gas benchmark, wei. */

export const DUCK: bigint = 10n ** 18n

/** As in real jobs most of its bytes are not zero: calldata charges for those. */
export const PRICE = 1_234_567_890_123_456_789n

/** Ten times the least stake, so that no redemption meets its limit. */
export const STAKE: bigint = 100_000n * DUCK
