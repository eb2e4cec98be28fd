import { ContractError } from '@duckmesh/contracts'
import { DuckMeshError } from '@duckmesh/protocols'
import { expect } from 'chai'
import {
  BaseError,
  HttpRequestError,
  TimeoutError,
  WaitForTransactionReceiptTimeoutError,
} from 'viem'
import { toChainError } from '../../src/chain/chain-error.ts'

const refusal = (code: string, args: unknown[] = []): ContractError =>
  new ContractError({ code, args, message: `Refused with ${code}.` })

describe('toChainError', () => {
  it('keeps codes of the registry and translates those of the contracts', () => {
    const cases = [
      ['INSUFFICIENT_STAKE', 'INSUFFICIENT_STAKE'],
      ['ALREADY_FINALIZED', 'ALREADY_FINALIZED'],
      ['CHAIN_UNREACHABLE', 'CHAIN_UNREACHABLE'],
      ['AllotmentExceeded', 'ALLOTMENT_EXCEEDED'],
      ['InsufficientBalance', 'BALANCE_INSUFFICIENT'],
      ['InvalidSignature', 'VOUCHER_INVALID'],
      ['GAS_FUNDS_MISSING', 'CHAIN_REVERTED'],
      ['SomethingNew', 'CHAIN_REVERTED'],
    ] as const
    for (const [given, code] of cases) {
      const error = toChainError(refusal(given, [1n, 'x']))
      expect(error.code, given).to.equal(code)
      expect(error.details).to.deep.equal({ error: given, args: ['1', 'x'] })
      expect(error.message).to.contain(`Refused with ${given}.`)
    }
  })

  it('tells an RPC that does not answer from a call that failed', () => {
    const http = new HttpRequestError({ url: 'http://x' })
    const timeout = new TimeoutError({ body: {}, url: 'http://x' })
    for (const cause of [http, timeout, new BaseError('outer', { cause: http })]) {
      expect(toChainError(cause).code).to.equal('CHAIN_UNREACHABLE')
    }
    expect(toChainError(new BaseError('odd')).code).to.equal('CHAIN_REVERTED')
    expect(toChainError('odd').code).to.equal('CHAIN_REVERTED')
    const late = new WaitForTransactionReceiptTimeoutError({ hash: '0x12' })
    expect(toChainError(late).code).to.equal('TIMED_OUT')
  })

  it('passes an error of the registry through', () => {
    const error = new DuckMeshError('BUDGET', 'x.')
    expect(toChainError(error)).to.equal(error)
  })
})
