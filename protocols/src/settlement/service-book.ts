/** The service rows of one node. */
import { RowBook } from './row-book.ts'
import type { ServiceRow, ServiceStore } from './store.ts'

export class ServiceBook extends RowBook<ServiceRow> {
  constructor(store: ServiceStore) {
    super({
      load: (key) => store.loadService(key),
      save: (row, level) => store.saveService(row, level),
      empty: ({ payer, provider }) => ({ payer, provider, paid: 0n, due: 0n, redeemed: 0n }),
    })
  }
}
