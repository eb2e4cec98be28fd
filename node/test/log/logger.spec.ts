import { spawnSync } from 'node:child_process'
import { DuckMeshError } from '@duckmesh/protocols'
import { expect } from 'chai'
import { createLogger } from '../../src/log/logger.ts'
import type { LoggerOptions, NodeLogger } from '../../src/log/logger.ts'

/** A logger and the lines it wrote. */
function recorder(options: Partial<LoggerOptions> = {}): { log: NodeLogger; lines: string[] } {
  const lines: string[] = []
  const destination = { write: (line: string) => lines.push(line) }
  return { log: createLogger({ level: 'debug', pretty: false, destination, ...options }), lines }
}

const parse = (line = ''): Record<string, unknown> => JSON.parse(line) as Record<string, unknown>

describe('logger', () => {
  it('writes one JSON object a line: event, level by name, fields, bindings', () => {
    const { log, lines } = recorder({ bindings: { role: 'provider' } })
    log.child({ job: '0x1' }).warn('step.late', { ms: 12 })
    expect(lines).to.have.length(1)
    expect(lines[0]).to.match(/\n$/)
    const { time, ...rest } = parse(lines[0])
    expect(rest).to.deep.equal({
      level: 'warn',
      role: 'provider',
      job: '0x1',
      ms: 12,
      event: 'step.late',
    })
    expect(time).to.be.a('number')
  })

  it('drops what is below its level', () => {
    const { log, lines } = recorder({ level: 'warn' })
    log.debug('a')
    log.info('b')
    log.warn('c')
    expect(lines.map((line) => parse(line)['event'])).to.deep.equal(['c'])
    const silent = recorder({ level: 'silent' })
    silent.log.warn('d')
    expect(silent.lines).to.deep.equal([])
  })

  it('prints amounts as text, bytes by length, errors with code and cause', () => {
    const { log, lines } = recorder()
    const cause = new RangeError('deep')
    const error = new DuckMeshError('BUDGET', 'Too much.', { cause, details: { need: 2n ** 70n } })
    log.info('x', {
      amount: 2n ** 90n,
      list: [1n],
      bytes: new Uint8Array(3),
      error,
      nothing: undefined,
      at: new URL('http://a/b'),
    })
    const line = parse(lines[0])
    expect(line['amount']).to.equal((2n ** 90n).toString())
    expect(line['list']).to.deep.equal(['1'])
    expect(line['bytes']).to.equal('3 bytes')
    expect(line['at']).to.equal('http://a/b')
    expect(line['error']).to.deep.equal({
      code: 'BUDGET',
      message: error.message,
      details: { need: (2n ** 70n).toString() },
      cause: { message: 'deep' },
    })
  })

  it('hides secrets and text of people, at the top and one level down', () => {
    const { log, lines } = recorder()
    log.debug('x', {
      privateKey: 'hush',
      keys: { password: 'hush' },
      prompt: 'hush',
      job: { messages: ['hush'] },
    })
    expect(lines[0]).to.contain('[hidden]').and.not.contain('hush')
  })

  it('writes readable lines for a terminal, and nothing in them that could break the line', () => {
    const { log, lines } = recorder({ pretty: true })
    log.info('peer.joined', { peer: '12D3', ms: 4, note: 'two words\n\u001b[31m' })
    expect(lines[0]).to.match(
      /^\d\d:\d\d:\d\d\.\d{3} info {2}peer\.joined peer=12D3 ms=4 note="two words\\n\\u001b\[31m"\n$/,
    )
  })

  it('goes to stderr as JSON when that is no terminal, and leaves stdout empty', () => {
    const module = new URL('../../src/log/logger.ts', import.meta.url).href
    const script = `import { createLogger } from '${module}'; createLogger({ level: 'info' }).info('hello')`
    const args = [...process.execArgv, '--input-type=module', '--eval', script]
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect(stdout).to.equal('')
    expect(parse(stderr)).to.include({ level: 'info', event: 'hello' })
  })
})
