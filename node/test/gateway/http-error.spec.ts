import { DuckMeshError, ERROR_CODES } from '@duckmesh/protocols'
import type { ErrorCode } from '@duckmesh/protocols'
import { expect } from 'chai'
import { httpErrorOf } from '../../src/gateway/http-error.ts'

const CODES = Object.keys(ERROR_CODES) as ErrorCode[]
/** Measured: openai and the AI SDK send a POST three times on these. */
const RETRIED = [408, 409, 429, 500, 501, 502, 503, 504]

const errorOf = (code: ErrorCode, details: DuckMeshError['details'] = {}) =>
  httpErrorOf(new DuckMeshError(code, 'It is so.', { details }), false)

describe('httpErrorOf', () => {
  const statuses: [ErrorCode, number, string | null, string][] = [
    ['SPEC_INVALID', 400, null, 'invalid_request_error'],
    ['PROMPT_EMPTY', 400, 'messages', 'invalid_request_error'],
    ['PROMPT_TOO_LONG', 400, 'messages', 'invalid_request_error'],
    ['PRICE_ABOVE_CAP', 400, 'duckmesh.maxPrice', 'invalid_request_error'],
    ['BALANCE_INSUFFICIENT', 402, null, 'insufficient_quota'],
    ['UNFUNDED', 402, null, 'insufficient_quota'],
    ['MODEL_NOT_FOUND', 404, 'model', 'invalid_request_error'],
    ['JOB_EXPIRED', 422, null, 'job_failed'],
    ['CANCELLED', 422, null, 'job_failed'],
    ['BID_OMITTED', 422, null, 'job_failed'],
    ['NO_BIDS', 503, null, 'server_error'],
    ['PROVIDER_UNAVAILABLE', 503, null, 'server_error'],
    ['PROVIDER_BUSY', 503, null, 'server_error'],
    ['CHAIN_UNREACHABLE', 503, null, 'server_error'],
    ['SHUTTING_DOWN', 503, null, 'server_error'],
    ['STORE_LOCKED', 503, null, 'server_error'],
    ['KEY_REFUSED', 500, null, 'server_error'],
    ['STORE_CORRUPT', 500, null, 'server_error'],
    ['INTERNAL', 500, null, 'server_error'],
  ]
  for (const [code, status, param, type] of statuses) {
    it(`answers ${code} with ${status} before anything is paid`, () => {
      const { body, ...rest } = errorOf(code)
      expect(rest.status).to.equal(status)
      expect(body.error).to.include({ code: code.toLowerCase(), param, type })
    })
  }

  it('gives a retried status only to what may succeed when it is sent again, or to faults of this node', () => {
    for (const code of CODES) {
      const { retryable, stage } = ERROR_CODES[code]
      const { status } = errorOf(code)
      const isOwn = ['config', 'start', 'store', 'chain'].includes(stage)
      if (RETRIED.includes(status)) expect(retryable || isOwn, code).to.equal(true)
    }
  })

  it('never gives a retried status once escrow is bound, whatever failed', () => {
    const thrown: unknown[] = CODES.map((code) => new DuckMeshError(code, 'It is so.'))
    for (const error of [...thrown, new TypeError('x'), 'text', undefined]) {
      const { body, status } = httpErrorOf(error, true)
      expect([400, 402, 404, 422, 424], body.error.code).to.include(status)
      expect(body.error.message).to.match(/[.]$/)
    }
    expect(httpErrorOf(new DuckMeshError('PROVIDER_LOST', 'x'), true).status).to.equal(424)
  })

  it('says which job it was and what was paid for it', () => {
    const error = new DuckMeshError('PROVIDER_LOST', 'Gone.', {
      jobId: '0xab',
      details: { paid: 10n ** 18n },
    })
    const { error: told } = httpErrorOf(error, true).body
    expect(told.duckmesh).to.deep.equal({ jobId: '0xab', paid: '1000000000000000000' })
    expect(told.message).to.equal(
      'Gone. The connection to the provider broke; send the job again. Job 0xab.',
    )
    expect(errorOf('NO_BIDS').body.error).to.not.have.property('duckmesh')
  })

  const fields: [string, string][] = [
    ['maxTokens', 'max_tokens'],
    ['spec.sampling.topP', 'top_p'],
    ['sampling.logitBias[3].bias', 'logit_bias'],
    ['spec.sampling.topK', 'duckmesh.topK'],
    ['stop[1]', 'stop'],
    ['timeoutMs', 'duckmesh.timeoutMs'],
    ['messages[0].role', 'messages[0].role'],
  ]
  for (const [field, param] of fields) {
    it(`calls ${field} ${param}`, () => {
      expect(errorOf('SPEC_INVALID', { field }).body.error.param).to.equal(param)
    })
  }

  it('says what to change when every provider declined for the same lasting reason', () => {
    const dear = errorOf('NO_BIDS', { reasons: ['PRICE_ABOVE_CAP 2'] })
    expect(dear.status).to.equal(400)
    expect(dear.body.error).to.include({ code: 'price_above_cap', param: 'duckmesh.maxPrice' })
    expect(dear.body.error.message).to.contain('Raise maxPrice')
    const poor = errorOf('NO_BIDS', { reasons: ['UNFUNDED 1'] })
    expect(poor).to.have.property('status', 402)
    for (const reasons of [
      [],
      ['PRICE_ABOVE_CAP 1', 'PROVIDER_BUSY 1'],
      ['PROVIDER_BUSY 3'],
      ['other 1'],
    ]) {
      expect(errorOf('NO_BIDS', { reasons }).status).to.equal(503)
    }
  })

  it('names the parameter of a length that does not fit', () => {
    const { error } = errorOf('PROMPT_TOO_LONG', { maxTokens: 600, contextLength: 512 }).body
    expect(error.param).to.equal('max_tokens')
  })

  it('does not quote an unforeseen failure', () => {
    const { error } = httpErrorOf(new Error('secret in /home/me'), false).body
    expect(error.message).to.equal('The gateway failed; its log says why.')
  })
})
