/** Settlement: channel accounting, vouchers on both sides, redemption. */
export { ClientChannels } from './client-payments.ts'
export type { ClientPaymentsComponents } from './client-payments.ts'
export type { ChainChannel, ChainService, Redemption } from './interface.ts'
export type { RelayGroup, RelayPort, RelayRoute, RelayedGroup, RelayedPort } from './interface.ts'
export type { ServicePort, SettlementPort } from './interface.ts'
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
export { redeemable } from './redeem-rows.ts'
export { Redeemer } from './redeemer.ts'
export type { RedeemerComponents } from './redeemer.ts'
export { RelayBatcher } from './relay-batcher.ts'
export type { RelayBatcherComponents } from './relay-batcher.ts'
export { RelayedSettlement } from './relayed-settlement.ts'
export type { RelayedSettlementComponents } from './relayed-settlement.ts'
export { ServiceEarnings } from './service-earnings.ts'
export type { ServiceEarningsComponents } from './service-earnings.ts'
export { ServicePayer } from './service-payer.ts'
export type { ServicePayerComponents } from './service-payer.ts'
export { ServiceRedeemer } from './service-redeemer.ts'
export type { ServiceRedeemerComponents } from './service-redeemer.ts'
export type { ChannelKey, ChannelRow, LedgerStore, OpenReservation } from './store.ts'
export type { ServiceRow, ServiceStore } from './store.ts'
export { RelayClient } from './wire/relay-client.ts'
export type { RelayClientComponents, RelayTarget } from './wire/relay-client.ts'
export { RelayServer } from './wire/relay-server.ts'
export type { RelayServerComponents } from './wire/relay-server.ts'
