import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { main } from '../../src/cli/main.ts'
import { withTempDir } from '../temp-dir.ts'
import { captured } from './captured.ts'

const BIN = fileURLToPath(new URL('../../bin/duckmesh.js', import.meta.url))
const run = (...argv: string[]) => captured(() => main(argv))

describe('duckmesh', () => {
  for (const argv of [['--help'], ['up', '--help'], ['chat', '--help']]) {
    it(`explains itself: ${argv.join(' ')}`, async () => {
      const { err, exitCode, out } = await run(...argv)
      expect(out).to.match(/^Usage: duckmesh/)
      expect(err).to.equal('')
      expect(exitCode).to.equal(undefined)
    })
  }

  const wrong: [string[], string][] = [
    [['dance'], 'dance'],
    [['chat'], 'prompt'],
    [['chat', 'Hi', '--max-tokens', 'many'], 'whole number'],
    [['chat', 'Hi', '--max-tokens', '-1'], 'whole number'],
    [['chat', 'Hi', '--temperature', 'hot'], 'number'],
    [['chat', 'Hi', '--max-price', '1e3'], 'DUCK'],
    [['chat', 'Hi', '--max-price', '0.0000000000000000001'], 'DUCK'],
    [['chat', 'Hi', '--colour'], '--colour'],
    [['up', '--set', 'listen.tcp'], 'path=value'],
    [['up', '--set', '=4000'], 'path=value'],
  ]
  for (const [argv, words] of wrong) {
    it(`exits with 64 for: ${argv.join(' ')}`, async () => {
      const { err, exitCode, out } = await run(...argv)
      expect(exitCode).to.equal(64)
      expect(err).to.contain(words)
      expect(out).to.equal('')
    })
  }

  it('tells wrong arguments as JSON when asked to', async () => {
    const { err, exitCode } = await run('chat', 'Hi', '--max-tokens', 'many', '--json')
    expect(exitCode).to.equal(64)
    const { error } = JSON.parse(err) as { error: Record<string, unknown> }
    expect(error).to.include({ code: 'CONFIG_INVALID', stage: 'config' })
    expect(error['message']).to.contain('whole number')
  })

  it('exits with 78 when the configuration is wrong, and names the option', async () => {
    await withTempDir(async (folder) => {
      const file = join(folder, 'peer.json')
      await writeFile(file, '{"listen": {"tcp": 70000}}')
      const { err, exitCode } = await run('up', '--config', file, '--json')
      expect(exitCode).to.equal(78)
      expect(err).to.contain('listen.tcp')
      const missing = await run('up', '--config', join(folder, 'none.json'))
      expect(missing.err).to.match(/^CONFIG_INVALID: /)
    })
  })

  it('exits with 78 when the network file is none', async () => {
    await withTempDir(async (folder) => {
      const { err, exitCode } = await run('chat', 'Hi', '--network', join(folder, 'none.json'))
      expect(exitCode).to.equal(78)
      expect(err).to.match(/^CONFIG_INVALID: .* cannot be read/)
    })
  })

  it('runs as a program, by an older Node too, and does not take its own variable for an option', async () => {
    await withTempDir(async (cwd) => {
      const env = { ...process.env, DUCKMESH_REEXEC: '1', DUCKMESH_LISTEN_TCP: 'x' }
      const args = ['--conditions=@duckmesh/source', BIN, 'up', '--json']
      const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
      let text = ''
      child.stderr.on('data', (part: Buffer) => (text += part.toString()))
      const [code] = (await once(child, 'close')) as unknown[]
      expect(code).to.equal(78)
      const { error } = JSON.parse(text.trim().split('\n').at(-1)!) as {
        error: { details: { issues: string[] } }
      }
      const issues = error.details.issues.join()
      expect(issues).to.contain('listen.tcp').and.not.contain('REEXEC')
    })
  })
})
