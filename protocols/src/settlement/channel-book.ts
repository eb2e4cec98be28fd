/** The channel rows of one node. */
import { emptyChannel } from './ledger.ts'
import { RowBook } from './row-book.ts'
import type { ChannelRow, LedgerStore } from './store.ts'

export class ChannelBook extends RowBook<ChannelRow> {
  constructor(store: LedgerStore) {
    super({
      load: (key) => store.loadChannel(key),
      save: (row, level) => store.saveChannel(row, level),
      empty: ({ payer, provider }) => emptyChannel(payer, provider),
    })
  }
}
