/** `duckmesh models`: the group of commands about models on this machine. */
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { DEVICES } from '../engine/device/device.ts'
import type { Threads } from '../engine/index.ts'
import type { DescribeOptions } from '../models/index.ts'
import { parseBytes } from './format-bytes.ts'
import { modelsAdd, modelsPack } from './models-add.ts'
import { modelsBench } from './models-bench.ts'
import type { BenchOptions } from './models-bench.ts'
import { modelsList, modelsPin, modelsQuota, modelsRemove } from './models-list.ts'
import type { ModelsOptions } from './models-store.ts'
import { modelsVerify } from './models-verify.ts'

/** Graphs that are made here, by what they are for: our engine, or other programs too. */
const LAYOUTS = { 'in-place': 'gqa', standard: 'std' } as const

/** Adds the group; gives it, so that other modules can add commands to it. */
export function addModels(program: Command): Command {
  const models = program
    .command('models')
    .description('models on this machine: take them in, check them, let them go')
    .option('--store <folder>', 'model store; `models` in the data folder when left out')
  addFolders(models)
  addChecks(models)
  models
    .command('list')
    .description('what is in the store')
    .action(async (_: object, command: Command) => {
      await modelsList(optionsOf(command))
    })
  models
    .command('rm')
    .description('remove a model; files that another one has too stay')
    .argument('<model>', 'name, CID or id')
    .action(async (name: string, _: object, command: Command) => {
      await modelsRemove(name, optionsOf(command))
    })
  for (const [name, pinned] of [
    ['pin', true],
    ['unpin', false],
  ] as const) {
    models
      .command(name)
      .description(pinned ? 'never let it go to make room' : 'let it go when room is needed')
      .argument('<model>', 'name, CID or id')
      .action(async (model: string, _: object, command: Command) => {
        await modelsPin(model, pinned, optionsOf(command))
      })
  }
  models
    .command('quota')
    .description('how much the store may hold; sets it when a size is given')
    .argument('[size]', 'for example 20GB', size)
    .action(async (bytes: number | undefined, _: object, command: Command) => {
      await modelsQuota(bytes, optionsOf(command))
    })
  return models
}

/** Commands that take a folder. */
function addFolders(models: Command): void {
  const add = models
    .command('add')
    .description('take a packed folder, a source folder or one of Hugging Face into the store')
    .argument('<folder>')
    .option('--pin', 'never let it go to make room', false)
    .action(async (folder: string, options: FolderOptions & { pin: boolean }, command: Command) => {
      await modelsAdd(folder, describeOf(options), { ...optionsOf(command), pin: options.pin })
    })
  const pack = models
    .command('pack')
    .description('write a folder that the engine loads, with its manifest')
    .argument('<folder>')
    .argument('<out>', 'new folder, or an earlier pack, which is replaced')
    .action(async (folder: string, out: string, options: FolderOptions, command: Command) => {
      await modelsPack(folder, out, describeOf(options), optionsOf(command))
    })
  for (const command of [add, pack]) addDescription(command)
}

function addDescription(command: Command): void {
  const tasks = ['text-generation', 'embeddings', 'classification']
  command
    .option('--q4', 'four-bit weights, from model.safetensors', false)
    .addOption(
      new Option(
        '--layout <layout>',
        'of a graph from model.safetensors; in-place when left out',
      ).choices(Object.keys(LAYOUTS)),
    )
    .option('--graph <file>', 'which graph of the folder, such as onnx/model_q4.onnx')
    .option('--name <name>', 'name in the manifest; that of the folder when left out')
    .option('--license <spdx>', 'licence in the manifest; that of README.md when left out')
    .addOption(new Option('--task <task>', 'what it is for').choices(tasks))
    .addOption(new Option('--pooling <how>', 'of embeddings').choices(['mean', 'cls', 'last']))
    .option('--tolerance <x>', 'largest honest difference of a raw logit', positive)
    .option('--prompt <text>', 'for a calibration vector; may be repeated', collect)
    .option('--opaque', 'take a graph that cannot be verified, for service without stakes', false)
}

/** Commands that run the model. */
function addChecks(models: Command): void {
  models
    .command('verify')
    .description('hash all files again and compute the calibration vectors; removes wrong files')
    .argument('[model]', 'name, CID or id; all when left out')
    .action(async (name: string | undefined, _: object, command: Command) => {
      await modelsVerify(name, optionsOf(command))
    })
  models
    .command('bench')
    .description('tokens per second on this machine')
    .argument('<model>', 'name, CID or id')
    .option('--threads <n>', 'threads of one run, or auto', threads, 'auto')
    .addOption(
      new Option(
        '--device <device>',
        'where to compute; others than the cpu are measured beside it',
      )
        .choices(DEVICES)
        .default('cpu'),
    )
    .action(async (name: string, options: BenchOptions, command: Command) => {
      await modelsBench(name, { ...optionsOf(command), ...options })
    })
}

interface FolderOptions extends Omit<DescribeOptions, 'layout' | 'prompts'> {
  layout?: keyof typeof LAYOUTS
  prompt?: string[]
}

function describeOf(options: FolderOptions): DescribeOptions {
  const { graph, license, name, opaque, pooling, prompt, q4, task, tolerance } = options
  const layout = options.layout === undefined ? undefined : LAYOUTS[options.layout]
  return { graph, layout, license, name, opaque, pooling, prompts: prompt, q4, task, tolerance }
}

/** What the group and the program were given. */
function optionsOf(command: Command): ModelsOptions {
  const { json, store } = command.optsWithGlobals<ModelsOptions>()
  return store === undefined ? { json } : { json, store }
}

function collect(text: string, before: string[] = []): string[] {
  return [...before, text]
}

function positive(text: string): number {
  if (!/^[0-9]+(\.[0-9]+)?(e-?[0-9]{1,2})?$/.test(text) || Number(text) <= 0) {
    throw new InvalidArgumentError('expected a positive number')
  }
  return Number(text)
}

function size(text: string): number {
  const bytes = parseBytes(text)
  if (bytes === undefined) throw new InvalidArgumentError('expected a size such as 500MB or 20GB')
  return bytes
}

function threads(text: string): Threads {
  if (text === 'auto') return text
  if (!/^[1-9][0-9]?$/.test(text))
    throw new InvalidArgumentError('expected auto or a number from 1 to 99')
  return Number(text)
}
