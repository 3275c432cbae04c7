import { getOperatedModel, setModel } from '#lib/models/index.ts'
import { lossesOf } from '#lib/models/shared.ts'
import type { Command } from './command.ts'

export const setModelCommand: Command = {
  name: 'model set',
  summary: 'makes a model or changes it: prices from now on, limits, a channel that carries it',
  args: ['ID'],
  options: {
    input: { value: 'N', required: true, help: 'what people pay for 1 M input tokens, in credits' },
    output: { value: 'N', required: true, help: 'the same for output' },
    cached: { value: 'N', help: 'the same for input from the vendor’s cache; default: as input' },
    'cost-input': { value: 'N', help: 'what 1 M input tokens cost us; default: as before' },
    'cost-output': { value: 'N', help: 'the same for output' },
    'cost-cached': { value: 'N', help: 'the same for input from the cache; default: as input' },
    name: { value: 'NAME', help: 'how people see it; default: the id' },
    vendor: { value: 'VENDOR', help: 'default: the channel’s' },
    context: { value: 'TOKENS', help: 'how much it can read and write together' },
    'max-output': { value: 'TOKENS', help: 'how much it can write' },
    channel: { value: 'NAME', help: 'a channel that carries it' },
    'vendor-model': { value: 'NAME', help: 'what the vendor calls it on that channel; default: the id' },
  },
  notes: 'Calls already under way keep their price.',
  async run({ ctx, options, args: [id = ''] }) {
    const { modelId, priceVersionId } = await setModel(ctx, {
      id,
      input: options.get('input'),
      output: options.get('output'),
      cached: options.find('cached'),
      costInput: options.find('cost-input'),
      costOutput: options.find('cost-output'),
      costCached: options.find('cost-cached'),
      displayName: options.find('name'),
      vendor: options.find('vendor'),
      contextTokens: options.findNumber('context'),
      maxOutputTokens: options.findNumber('max-output'),
      channel: options.find('channel'),
      vendorModel: options.find('vendor-model'),
    })
    const prices = `${options.get('input')} in, ${options.get('output')} out per 1 M tokens`
    const { price } = await getOperatedModel(ctx, { modelId })
    const losses = price ? lossesOf(price) : []
    const warning = losses.length > 0 ? `\nWarning: sold below its cost: ${losses.join(', ')}` : ''
    return { text: `${modelId} costs ${prices} from now on${warning}`, data: { modelId, priceVersionId, losses } }
  },
}
