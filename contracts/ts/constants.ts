/** The least eligible stake of an active provider after a deployment, wei (`ProviderRegistry.minStake`). */
export const MIN_STAKE: bigint = 1_000n * 10n ** 18n

/** The most vouchers in one batch (`JobMarket.MAX_BATCH`): about 11 million gas. */
export const MAX_BATCH = 1_000

/** The most providers in one `finalizeMany` (`JobMarket.MAX_GROUPS`). */
export const MAX_GROUPS = 64

/** The most that a relayer may take, hundredths of a per cent (`JobMarket.MAX_FEE_BPS`). */
export const MAX_FEE_BPS = 100

/** One wei in this many that a provider redeems is burnt (`JobMarket.BURN_DIVISOR`). */
export const BURN_DIVISOR = 100n

/** The most registrations one page of `getActiveProviders` looks at (`ProviderRegistry.MAX_PAGE`). */
export const MAX_PAGE = 100
