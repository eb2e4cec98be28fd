import { expect } from 'chai'
import { USAGE, parseSeedArgs } from '../src/parse-args.ts'
import { expectCode } from './expect-code.ts'

describe('parseSeedArgs', () => {
  it('listens on loopback and the usual ports by default', () => {
    expect(parseSeedArgs([])).to.deep.equal({
      dataDir: './.duckmesh/seed',
      host: '127.0.0.1',
      port: 3825,
      wsPort: 3826,
      announce: [],
      local: false,
    })
  })

  it('reads every option', () => {
    const announce = ['/ip4/203.0.113.7/tcp/1', '/dns4/seed.example/tcp/443/wss']
    const options = ['--data-dir', 'd', '--host', '::1', '--port', '0', '--ws-port', '65535']
    const args = [...options, '--announce', announce[0]!, '--announce', announce[1]!, '--local']
    const expected = { dataDir: 'd', host: '::1', port: 0, wsPort: 65_535, announce, local: true }
    expect(parseSeedArgs(args)).to.deep.equal(expected)
    for (const option of args.filter((arg) => arg.startsWith('--')))
      expect(USAGE).to.contain(option)
  })

  const refused: [string, string[]][] = [
    ['--port', ['--port', '65536']],
    ['--port', ['--port', '-1']],
    ['--port', ['--port', '']],
    ['--port', ['--port', '1e3']],
    ['--port', ['--port', '0x10']],
    ['--ws-port', ['--ws-port', 'http']],
    ['--host', ['--host', 'localhost']],
    ['--host', ['--host', '999.0.0.1']],
    ['--data-dir', ['--data-dir', '']],
    ['--announce', ['--announce', '203.0.113.7:3825']],
    ['--colour', ['--colour']],
    ['--port', ['--port']],
    ['folder', ['folder']],
  ]
  for (const [name, args] of refused) {
    it(`refuses ${JSON.stringify(args)} and names it`, async () => {
      const error = await expectCode('CONFIG_INVALID', () => parseSeedArgs(args))
      expect(error.message).to.contain(name)
    })
  }
})
