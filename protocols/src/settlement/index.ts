/** Settlement: channel accounting, vouchers on both sides, redemption. */
export { ClientChannels } from './client-payments.ts'
export type { ClientPaymentsComponents } from './client-payments.ts'
export type { ChainChannel, Redemption, SettlementPort } from './interface.ts'
export {
  closeAll,
  closeReservation,
  creditOf,
  cumulativeFor,
  dueOf,
  emptyChannel,
} from './ledger.ts'
export {
  adoptVoucher,
  reservationOf,
  reserve,
  restoreVoucher,
  spentOf,
  useReserved,
} from './ledger.ts'
export { ProviderChannels } from './provider-payments.ts'
export type { ProviderPaymentsComponents } from './provider-payments.ts'
export { Redeemer, redeemable } from './redeemer.ts'
export type { RedeemerComponents } from './redeemer.ts'
export type { ChannelKey, ChannelRow, LedgerStore, OpenReservation } from './store.ts'
