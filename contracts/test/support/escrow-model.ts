/**
 * The market as a slow, plain model: maps of bigints, one step after the other, written from the rules (docs/spec
 * settlement) and not from the Solidity. `escrow-model.spec.ts` runs both side by side.
 */

/** A refusal, by the name of the custom error that the contract answers with. */
export class ModelRevert extends Error {
  readonly code: string

  constructor(code: string) {
    super(code)
    this.code = code
  }
}

interface Thaw {
  amount: bigint
  end: bigint
}

interface Channel {
  allotted: bigint
  redeemed: bigint
  thaw: Thaw
}

interface Account {
  free: bigint
  thaw: Thaw
}

interface Earned {
  total: bigint
  /** everything that was ever redeemed, and what of it was burnt */
  gross: bigint
  burnt: bigint
  thaw: Thaw
  room: bigint
  periodEnd: bigint
}

interface Session {
  account: string
  cap: bigint
  drawn: bigint
  expiry: bigint
  revokedAt: bigint
}

/** A voucher as the model sees it: signed by its payer or not. */
export interface ModelVoucher {
  payer: string
  cumulative: bigint
  signed: boolean
}

export interface ModelParameters {
  escrowThaw: bigint
  earnedThaw: bigint
  redeemPeriod: bigint
}

/** The key of the service allotments among the channels. */
export const SERVICE = 'service'

const none = (): Thaw => ({ amount: 0n, end: 0n })

/** All state of the market. Every action takes `now` (unix seconds) and either happens whole or throws. */
export class EscrowModel {
  readonly #parameters: ModelParameters
  readonly #accounts = new Map<string, Account>()
  readonly #channels = new Map<string, Channel>()
  readonly #served = new Map<string, bigint>()
  readonly #earned = new Map<string, Earned>()
  readonly #sessions = new Map<string, Session>()
  /** eligible stake of each registered provider */
  readonly stakes = new Map<string, bigint>()
  /** DUCK in wallets; what the market holds is under `market` */
  readonly wallets = new Map<string, bigint>()
  supply = 0n

  constructor(parameters: ModelParameters) {
    this.#parameters = parameters
  }

  account(payer: string): Account {
    return entry(this.#accounts, payer, () => ({ free: 0n, thaw: none() }))
  }

  channel(payer: string, provider: string): Channel {
    const fresh = (): Channel => ({ allotted: 0n, redeemed: 0n, thaw: none() })
    return entry(this.#channels, `${payer} ${provider}`, fresh)
  }

  served(payer: string, provider: string): bigint {
    return this.#served.get(`${payer} ${provider}`) ?? 0n
  }

  earned(provider: string): Earned {
    const fresh = { total: 0n, gross: 0n, burnt: 0n, room: 0n, periodEnd: 0n }
    return entry(this.#earned, provider, () => ({ ...fresh, thaw: none() }))
  }

  session(key: string): Session | undefined {
    return this.#sessions.get(key)
  }

  mint(to: string, amount: bigint): void {
    this.supply += amount
    this.#pay(to, amount)
  }

  deposit(from: string, payer: string, amount: bigint): void {
    if (amount === 0n) throw new ModelRevert('ZeroAmount')
    if ((this.wallets.get(from) ?? 0n) < amount) throw new ModelRevert('ERC20InsufficientBalance')
    this.#move(from, 'market', amount)
    this.account(payer).free += amount
  }

  startWithdraw(payer: string, amount: bigint, now: bigint): void {
    if (this.#sessions.has(payer)) throw new ModelRevert('SessionCannotWithdraw')
    const account = this.account(payer)
    const have = account.free + account.thaw.amount
    account.thaw = started(amount, have, now + this.#parameters.escrowThaw)
    account.free = have - amount
  }

  cancelWithdraw(payer: string): void {
    const account = this.account(payer)
    account.free += running(account.thaw).amount
    account.thaw = none()
  }

  withdraw(payer: string, now: bigint): void {
    const account = this.account(payer)
    const { amount } = matured(account.thaw, now)
    account.thaw = none()
    this.#move('market', payer, amount)
  }

  allot(payer: string, provider: string, amount: bigint, now: bigint): void {
    if (amount === 0n) throw new ModelRevert('ZeroAmount')
    if (provider !== SERVICE && !this.stakes.has(provider))
      throw new ModelRevert('INVALID_PROVIDER')
    const account = this.account(payer)
    if (amount > account.free) this.#draw(payer, amount - account.free, now)
    account.free -= amount
    this.channel(payer, provider).allotted += amount
  }

  startUnallot(payer: string, provider: string, amount: bigint, now: bigint): void {
    const channel = this.channel(payer, provider)
    const rest = channel.allotted - channel.redeemed
    channel.thaw = started(amount, rest, now + this.#parameters.escrowThaw)
  }

  cancelUnallot(payer: string, provider: string): void {
    const channel = this.channel(payer, provider)
    running(channel.thaw)
    channel.thaw = none()
  }

  finishUnallot(payer: string, provider: string, now: bigint): void {
    const channel = this.channel(payer, provider)
    const { amount } = matured(channel.thaw, now)
    channel.thaw = none()
    channel.allotted -= amount
    this.account(payer).free += amount
  }

  unallot(provider: string, payer: string): void {
    const channel = this.channel(payer, provider)
    const rest = channel.allotted - channel.redeemed
    if (rest === 0n) throw new ModelRevert('ZeroAmount')
    channel.allotted = channel.redeemed
    channel.thaw = none()
    this.account(payer).free += rest
  }

  /** One voucher alone: refused with the reason for which a batch skips it. */
  finalizeJob(provider: string, voucher: ModelVoucher, now: bigint): void {
    if (!voucher.signed) throw new ModelRevert('InvalidSignature')
    const { paid, skipped } = this.finalizeJobs(provider, [voucher], now)
    if (paid === 0n) throw new ModelRevert(skipped[0] ?? 'nothing')
  }

  /** @return what was paid, and for each voucher that was not paid in full why, in order */
  finalizeJobs(
    provider: string,
    vouchers: readonly ModelVoucher[],
    now: bigint,
  ): { paid: bigint; skipped: string[] } {
    return this.#redeem(provider, vouchers, now, ({ payer, cumulative }, room) => {
      const channel = this.channel(payer, provider)
      if (cumulative > channel.allotted) return [0n, 'AllotmentExceeded']
      if (cumulative <= channel.redeemed) return [0n, 'ALREADY_FINALIZED']
      return this.#take(channel, cumulative - channel.redeemed, room)
    })
  }

  finalizeService(
    provider: string,
    vouchers: readonly ModelVoucher[],
    now: bigint,
  ): { paid: bigint; skipped: string[] } {
    return this.#redeem(provider, vouchers, now, ({ payer, cumulative }, room) => {
      const before = this.served(payer, provider)
      const pool = this.channel(payer, SERVICE)
      const due = cumulative - before
      if (due <= 0n) return [0n, 'ALREADY_FINALIZED']
      if (due > pool.allotted - pool.redeemed) return [0n, 'AllotmentExceeded']
      const [paid, reason] = this.#take(pool, due, room)
      this.#served.set(`${payer} ${provider}`, before + paid)
      return [paid, reason]
    })
  }

  startWithdrawEarned(provider: string, amount: bigint, now: bigint): void {
    const earned = this.earned(provider)
    earned.thaw = started(amount, earned.total, now + this.#parameters.earnedThaw)
  }

  withdrawEarned(provider: string, now: bigint): void {
    const earned = this.earned(provider)
    const { amount } = matured(earned.thaw, now)
    earned.thaw = none()
    earned.total -= amount
    this.#move('market', provider, amount)
  }

  slashEarned(provider: string, amount: bigint): void {
    const earned = this.earned(provider)
    const taken = least(amount, earned.total)
    earned.total -= taken
    if (earned.thaw.amount > earned.total)
      earned.thaw = earned.total === 0n ? none() : { ...earned.thaw, amount: earned.total }
    this.#move('market', 'disputes', taken)
  }

  authorizeSession(account: string, key: string, cap: bigint, expiry: bigint): void {
    const session = this.#sessions.get(key)
    if (session !== undefined && session.account !== account) throw new ModelRevert('SessionTaken')
    this.#sessions.set(key, { account, cap, drawn: session?.drawn ?? 0n, expiry, revokedAt: 0n })
  }

  startRevokeSession(account: string, key: string, now: bigint): void {
    const session = this.#ownSession(account, key)
    if (session.revokedAt !== 0n) throw new ModelRevert('SessionEnded')
    session.revokedAt = now
  }

  reclaimSession(account: string, key: string, now: bigint): void {
    const { expiry, revokedAt } = this.#ownSession(account, key)
    const revoked = revokedAt !== 0n && now >= revokedAt + this.#parameters.escrowThaw
    if (!revoked && now < expiry) throw new ModelRevert('StillThawing')
    const own = this.account(key)
    if (own.free === 0n) throw new ModelRevert('ZeroAmount')
    this.account(account).free += own.free
    own.free = 0n
  }

  #ownSession(account: string, key: string): Session {
    const session = this.#sessions.get(key)
    if (session?.account !== account) throw new ModelRevert('InvalidSession')
    return session
  }

  #draw(key: string, lack: bigint, now: bigint): void {
    const session = this.#sessions.get(key)
    if (session === undefined) throw new ModelRevert('InsufficientBalance')
    if (session.revokedAt !== 0n || now >= session.expiry) throw new ModelRevert('SessionEnded')
    if (session.drawn + lack > session.cap) throw new ModelRevert('SessionCapExceeded')
    const account = this.account(session.account)
    if (account.free < lack) throw new ModelRevert('InsufficientBalance')
    account.free -= lack
    session.drawn += lack
    this.account(key).free += lack
  }

  /** Pays up to `due` out of a channel; a voucher eats what thaws. */
  #take(channel: Channel, due: bigint, room: bigint): [bigint, string | undefined] {
    const paid = least(due, room)
    channel.redeemed += paid
    const rest = channel.allotted - channel.redeemed
    if (channel.thaw.amount > rest)
      channel.thaw = rest === 0n ? none() : { ...channel.thaw, amount: rest }
    return [paid, paid === due ? undefined : 'RedemptionLimitReached']
  }

  #redeem(
    provider: string,
    vouchers: readonly ModelVoucher[],
    now: bigint,
    pay: (voucher: ModelVoucher, room: bigint) => [bigint, string | undefined],
  ): { paid: bigint; skipped: string[] } {
    const earned = this.earned(provider)
    const fresh = now >= earned.periodEnd
    let room = fresh ? (this.stakes.get(provider) ?? 0n) : earned.room
    if (fresh && !this.stakes.has(provider)) throw new ModelRevert('INVALID_PROVIDER')
    let sum = 0n
    const skipped: string[] = []
    for (const voucher of vouchers) {
      const [paid, reason] = voucher.signed ? pay(voucher, room) : [0n, 'InvalidSignature']
      room -= paid
      sum += paid
      if (reason !== undefined) skipped.push(reason)
    }
    if (sum === 0n) return { paid: 0n, skipped }
    if (fresh) earned.periodEnd = now + this.#parameters.redeemPeriod
    earned.room = room
    earned.gross += sum
    const burn = earned.gross / 100n - earned.burnt
    earned.burnt += burn
    earned.total += sum - burn
    this.#move('market', 'nowhere', burn)
    this.supply -= burn
    return { paid: sum, skipped }
  }

  #move(from: string, to: string, amount: bigint): void {
    this.wallets.set(from, (this.wallets.get(from) ?? 0n) - amount)
    this.#pay(to, amount)
  }

  #pay(to: string, amount: bigint): void {
    this.wallets.set(to, (this.wallets.get(to) ?? 0n) + amount)
  }
}

function entry<T>(map: Map<string, T>, key: string, fresh: () => T): T {
  const found = map.get(key) ?? fresh()
  map.set(key, found)
  return found
}

function started(amount: bigint, have: bigint, end: bigint): Thaw {
  if (amount === 0n) throw new ModelRevert('ZeroAmount')
  if (amount > have) throw new ModelRevert('InsufficientBalance')
  return { amount, end }
}

function running(thaw: Thaw): Thaw {
  if (thaw.amount === 0n) throw new ModelRevert('NotThawing')
  return thaw
}

function matured(thaw: Thaw, now: bigint): Thaw {
  if (now < running(thaw).end) throw new ModelRevert('StillThawing')
  return thaw
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)
