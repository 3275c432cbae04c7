import { addChannel } from '#lib/models/index.ts'
import { type Command, UsageError } from './command.ts'

export const addChannelCommand: Command = {
  name: 'channel add',
  summary: 'adds a way to reach models: any server that speaks OpenAI’s format',
  options: {
    name: { value: 'NAME', required: true, help: 'how the channel is called here' },
    vendor: { value: 'VENDOR', required: true, help: 'whose models: openai, deepseek, qwen, …' },
    'base-url': { value: 'URL', required: true, help: 'such as https://api.openai.com/v1' },
    key: { value: 'KEY', help: 'the vendor’s key; it is stored encrypted' },
    'key-stdin': { help: 'read the key from standard input, so that no list of processes shows it' },
    proxy: { value: 'URL', help: 'HTTP proxy of this channel; default: HTTPS_PROXY and NO_PROXY decide' },
    'own-network': { help: 'the address or the proxy is in your own network, which is not called otherwise' },
    models: {
      value: 'LIST',
      help: 'ids with commas between, id=name where the vendor’s name differs; default: the vendor’s',
    },
  },
  async run({ ctx, options, readSecret }) {
    if (options.has('key') === options.flag('key-stdin')) throw new UsageError('give either --key or --key-stdin')
    const key = options.find('key') ?? (await readSecret({ label: 'Key', fromPipe: true, pipeOption: 'key-stdin' }))
    const name = options.get('name')
    const { channelId, modelIds } = await addChannel(ctx, {
      name,
      vendor: options.get('vendor'),
      baseUrl: options.get('base-url'),
      key,
      proxy: options.find('proxy'),
      ownNetwork: options.flag('own-network'),
      models: options
        .find('models')
        ?.split(',')
        .map((id) => id.trim())
        .filter(Boolean),
    })
    const models = modelIds.length > 0 ? modelIds.join(', ') : 'no model yet: npm run admin -- model set ID --channel …'
    return { text: `added channel ${name} (${channelId}): ${models}`, data: { channelId, name, models: modelIds } }
  },
}
