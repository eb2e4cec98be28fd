/** The command line of a DuckMesh node. */
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { parseEther } from 'viem'
import { chat } from './chat.ts'
import type { ChatOptions } from './chat.ts'
import { devnet } from './devnet.ts'
import { EXIT } from './exit-codes.ts'
import { addPull } from './models-pull.ts'
import { addModels } from './models.ts'
import { newKey } from './new-key.ts'
import { printFailure, printJsonError } from './output.ts'
import { status } from './status.ts'
import { up } from './up.ts'
import { why } from './why.ts'

/** Runs one command and sets the exit code; `argv` without the first two entries of `process.argv`. */
export async function main(argv: readonly string[]): Promise<void> {
  const json = argv.includes('--json')
  try {
    await createProgram(json).parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) usageFailure(error, json)
    else printFailure(error, json)
  }
}

/** `json`: what is wrong with the arguments is not printed as text. */
function createProgram(json: boolean): Command {
  const program = new Command('duckmesh')
    .description('Peer and client of DuckMesh, an open market for AI inference')
    .option('--json', 'results as JSON lines on stdout, failures as JSON on stderr', false)
    .exitOverride()
  if (json) program.configureOutput({ outputError: () => undefined })
  addUp(program)
  addDevnet(program)
  addChat(program)
  addStatus(program)
  addWhy(program)
  addKeys(program)
  addPull(addModels(program))
  return program
}

/** The parser has printed it already, unless it was asked for JSON; help is no failure. */
function usageFailure({ code, exitCode, message }: CommanderError, json: boolean): void {
  if (exitCode === 0) return
  process.exitCode = EXIT.usage
  if (json) printJsonError({ code: 'CONFIG_INVALID', message, stage: 'config', details: { code } })
}

function addUp(program: Command): void {
  program
    .command('up')
    .description('run a provider peer until it is stopped')
    .option('--config <file>', 'JSON configuration; DUCKMESH_* variables and --set go before it')
    .option(
      '--set <path=value>',
      'one option, for example listen.tcp=4000; may be repeated',
      collect,
      {},
    )
    .action(async (options: { config?: string; set: Record<string, string> }) => {
      await up({ ...options, json: isJson(program) })
    })
}

function addDevnet(program: Command): void {
  program
    .command('devnet')
    .description('run a whole local network: chain, seed, staked peers and a client')
    .option('--peers <n>', 'staked peers, 1 to 20', wholeNumber)
    .action(async (options: { peers?: number }) => {
      await devnet({ ...options, json: isJson(program) })
    })
}

function addStatus(program: Command): void {
  program
    .command('status')
    .description('what the peers that run here do, and why they got work or none')
    .option('--gateway <url>', 'address of one gateway; the running local network when left out')
    .option('--why', 'count the reasons of refusals and lost bids', false)
    .action(async (options: { gateway?: string; why: boolean }) => {
      await status({ ...options, json: isJson(program) })
    })
}

function addWhy(program: Command): void {
  program
    .command('why')
    .description('how a job was decided: seats, bids with their scores, awards and payments')
    .argument('[job]', 'job id or its beginning; the newest job when left out', '')
    .option('--data-dir <folder>', 'where stores of clients lie; the local networks when left out')
    .action(async (id: string, options: { dataDir?: string }) => {
      await why(id, { ...options, json: isJson(program) })
    })
}

function addChat(program: Command): void {
  program
    .command('chat')
    .description('ask a model on the local network that runs here, or on the one of --network')
    .argument('<prompt>')
    .option('--network <file>', 'network file; the newest running local network when left out')
    .option('--model <name>', 'model name, CID or id', 'duckling')
    .option('--max-tokens <n>', 'tokens of the answer at most', wholeNumber)
    .option('--temperature <t>', '0 is greedy', decimal)
    .option('--max-price <duck>', 'most the job may cost, in DUCK', duck)
    .option('--redundant <k>', 'have k providers compute it and compare their answers', wholeNumber)
    .option('--direct', 'choose from signed offers, without an auction', false)
    .action(async (prompt: string, options: Omit<ChatOptions, 'json'>) => {
      await chat(prompt, { ...options, json: isJson(program) })
    })
}

function addKeys(program: Command): void {
  const keys = program.command('keys').description('keys of this node')
  keys
    .command('new')
    .description('make an operator key in an encrypted file and print its address')
    .argument('<file>')
    .requiredOption('--password-file <file>', 'file that holds the password')
    .action(async (path: string, options: { passwordFile: string }) => {
      await newKey(path, { ...options, json: isJson(program) })
    })
}

function isJson(program: Command): boolean {
  return program.opts<{ json: boolean }>().json
}

function collect(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('expected path=value')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

function wholeNumber(text: string): number {
  if (!/^[0-9]{1,6}$/.test(text)) throw new InvalidArgumentError('expected a whole number')
  return Number(text)
}

function decimal(text: string): number {
  if (!/^[0-9]+(\.[0-9]+)?$/.test(text)) throw new InvalidArgumentError('expected a number')
  return Number(text)
}

function duck(text: string): bigint {
  if (!/^[0-9]+(\.[0-9]{1,18})?$/.test(text)) {
    throw new InvalidArgumentError('expected an amount in DUCK')
  }
  return parseEther(text)
}
