import { DuckMeshError, ERROR_CODES } from '@duckmesh/protocols'
import { expect } from 'chai'
import { formatDuck } from '../../src/cli/format-duck.ts'
import { printFailure, printJson, printLine, printable, toJson } from '../../src/cli/output.ts'
import { captured } from './captured.ts'

const BUSY = new DuckMeshError('PROVIDER_BUSY', 'All of \u001b[2Jthem', { details: { need: 5n } })

describe('output', () => {
  it('writes amounts as decimal strings', () => {
    expect(toJson({ paid: 10n ** 18n, list: [1n] })).to.equal(
      '{"paid":"1000000000000000000","list":["1"]}',
    )
  })

  it('prints results on stdout, one line each', async () => {
    const { err, out } = await captured(() => {
      printJson({ paid: 1n })
      printLine('ready')
    })
    expect(out).to.equal('{"paid":"1"}\nready\n')
    expect(err).to.equal('')
  })

  it('prints a failure for people on stderr: code, sentence, what to do', async () => {
    const { err, exitCode, out } = await captured(() => {
      printFailure(BUSY, false)
    })
    expect(err).to.equal(`PROVIDER_BUSY: All of [2Jthem. ${ERROR_CODES.PROVIDER_BUSY.todo}\n`)
    expect(out).to.equal('')
    expect(exitCode).to.equal(75)
  })

  it('prints a failure as JSON with its facts', async () => {
    const { err, exitCode } = await captured(() => {
      printFailure(BUSY, true)
    })
    expect(JSON.parse(err)).to.deep.equal({
      error: {
        code: 'PROVIDER_BUSY',
        message: BUSY.message,
        stage: 'dispatch',
        retryable: true,
        details: { need: '5' },
      },
    })
    expect(exitCode).to.equal(75)
  })

  it('calls what nobody foresaw INTERNAL', async () => {
    const { err, exitCode } = await captured(() => {
      printFailure(new TypeError('x is not a function'), false)
    })
    expect(err).to.match(/^INTERNAL: x is not a function\./)
    expect(exitCode).to.equal(1)
  })

  it('takes out what would command a terminal, and nothing else', () => {
    expect(printable('\u001b[31mred\u0007\u009b2J\u007f\r')).to.equal('[31mred2J')
    const text = 'A duck 🦆 said “quack”.\n\tIt is naïve.'
    expect(printable(text)).to.equal(text)
  })

  it('shows amounts exactly', () => {
    expect(formatDuck(39_750_000_000_000_000n)).to.equal('0.03975 DUCK')
    expect(formatDuck(1n)).to.equal('0.000000000000000001 DUCK')
    expect(formatDuck(0n)).to.equal('0 DUCK')
  })
})
