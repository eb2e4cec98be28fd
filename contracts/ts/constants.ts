/** The least eligible stake of an active provider, wei (`ProviderRegistry.MIN_STAKE`). */
export const MIN_STAKE: bigint = 1_000n * 10n ** 18n

/** The most vouchers in one batch (`JobMarket.MAX_BATCH`): about 11 million gas. */
export const MAX_BATCH = 1_000

/** The most registrations one page of `getActiveProviders` looks at (`ProviderRegistry.MAX_PAGE`). */
export const MAX_PAGE = 100
