/**
 * What a fresh installation offers: current text models with their limits and their vendors' public prices.
 * Prices were read on `source.date` at `source.url`; where a vendor's own page could not be read that says so.
 * Limits are kept within the tier the price is for: vendors charge more for longer prompts.
 */
export type CatalogueModel = {
  id: string
  displayName: string
  vendor: string
  contextTokens: number
  maxOutputTokens: number
  minOutput: number
  reasoning: boolean
  outputCapField: 'max_tokens' | 'max_completion_tokens'
  /** Per one million tokens, in `currency`. What is left out costs as much as input. */
  price: { currency: 'USD' | 'CNY'; input: string; cacheRead?: string; cacheWrite?: string; output: string }
  source: { url: string; date: string }
}

const REASONING = { reasoning: true, minOutput: 2_048 } as const
const PLAIN = { reasoning: false, minOutput: 256 } as const

// OpenAI charges double for prompts beyond 272,000 tokens.
const OPENAI = {
  vendor: 'openai',
  contextTokens: 272_000,
  maxOutputTokens: 128_000,
  outputCapField: 'max_completion_tokens',
} as const

// DeepSeek charges half as much outside of Beijing's working hours; these are the full prices.
const DEEPSEEK = {
  vendor: 'deepseek',
  contextTokens: 1_000_000,
  maxOutputTokens: 384_000,
  outputCapField: 'max_tokens',
  source: { url: 'https://api-docs.deepseek.com/quick_start/pricing', date: '2026-11-15' },
} as const

// Prices of the international endpoint (dashscope-intl), which are above those of the mainland.
const QWEN = { vendor: 'qwen', contextTokens: 256_000, outputCapField: 'max_tokens' } as const

const ERNIE = { vendor: 'ernie', outputCapField: 'max_tokens' } as const

export const CATALOGUE: readonly CatalogueModel[] = [
  {
    ...OPENAI,
    ...REASONING,
    id: 'gpt-6-luna',
    displayName: 'GPT-6 Luna',
    price: { currency: 'USD', input: '0.10', cacheRead: '0.01', cacheWrite: '0.125', output: '0.50' },
    // Quotes OpenAI's announcement; cache prices as PromptFuel's release notes v1.0.21 quote them.
    source: { url: 'https://docs.litellm.ai/blog/gpt_6_sol_luna', date: '2026-09-22' },
  },
  {
    ...OPENAI,
    ...REASONING,
    id: 'gpt-6-sol',
    displayName: 'GPT-6 Sol',
    price: { currency: 'USD', input: '2', cacheRead: '0.20', cacheWrite: '2.50', output: '10' },
    source: { url: 'https://docs.litellm.ai/blog/gpt_6_sol_luna', date: '2026-09-22' },
  },
  {
    ...OPENAI,
    ...REASONING,
    id: 'gpt-5.4-mini',
    displayName: 'GPT-5.4 mini',
    price: { currency: 'USD', input: '0.75', cacheRead: '0.075', output: '4.50' },
    // A digest of OpenAI's price page.
    source: { url: 'https://tokenmix.ai/blog/openai-api-cost-2026-gpt-5-5-5-4-nano-batch', date: '2026-06-04' },
  },
  {
    ...DEEPSEEK,
    ...REASONING,
    id: 'deepseek-flash',
    displayName: 'DeepSeek Flash',
    price: { currency: 'USD', input: '0.30', cacheRead: '0.006', output: '1.20' },
  },
  {
    ...DEEPSEEK,
    ...REASONING,
    id: 'deepseek-v4-pro',
    displayName: 'DeepSeek V4 Pro',
    price: { currency: 'USD', input: '1.32', cacheRead: '0.044', output: '3.96' },
  },
  {
    ...QWEN,
    ...REASONING,
    id: 'qwen3.8-flash',
    displayName: 'Qwen3.8 Flash',
    maxOutputTokens: 131_072,
    price: { currency: 'USD', input: '0.15', output: '0.47' },
    // A gateway that passes the vendor's prices on; the page bears no date, its limits were confirmed elsewhere then.
    source: { url: 'https://vercel.com/ai-gateway/models/qwen3.8-flash.md', date: '2026-09-03' },
  },
  {
    ...QWEN,
    ...REASONING,
    id: 'qwen3.7-plus',
    displayName: 'Qwen3.7 Plus',
    maxOutputTokens: 65_536,
    price: { currency: 'USD', input: '0.40', cacheRead: '0.08', output: '1.60' },
    source: { url: 'https://apidog.com/blog/how-to-use-qwen-3-7-plus-api/', date: '2026-06-03' },
  },
  {
    ...QWEN,
    ...REASONING,
    id: 'qwen3.8-max',
    displayName: 'Qwen3.8 Max',
    maxOutputTokens: 65_536,
    price: { currency: 'USD', input: '2', output: '6' },
    // Quotes the release of early August.
    source: { url: 'https://dev.to/hassann/how-to-use-the-qwen-38-api-1cgm', date: '2026-08-01' },
  },
  {
    ...ERNIE,
    ...PLAIN,
    id: 'ernie-4.5-turbo-128k',
    displayName: 'ERNIE 4.5 Turbo',
    contextTokens: 128_000,
    maxOutputTokens: 12_288,
    price: { currency: 'CNY', input: '0.8', cacheRead: '0.2', output: '3.2' },
    // Baidu's price page as LobeHub's catalogue gives it, in a state from after November 2025.
    source: {
      url: 'https://github.com/lobehub/lobe-chat/blob/349d55625f184c6802e38fa19a930bac6296ded8/packages/model-bank/src/aiModels/wenxin.ts',
      date: '2026-11-22',
    },
  },
  {
    ...ERNIE,
    ...REASONING,
    id: 'ernie-5.1',
    displayName: 'ERNIE 5.1',
    contextTokens: 32_768,
    maxOutputTokens: 16_384,
    price: { currency: 'USD', input: '0.5634', output: '2.5353' },
    // A reseller's prices: Baidu's own page could not be read.
    source: { url: 'https://docs.litellm.ai/release_notes/v1-103-0', date: '2026-09-27' },
  },
]

/** The demo vendor's model: it costs us nothing, and its price only shows how paying works. In credits, any currency. */
export const DEMO_MODEL = {
  id: 'demo',
  displayName: 'Demo',
  vendor: 'demo',
  contextTokens: 32_768,
  maxOutputTokens: 4_096,
  minOutput: 64,
  reasoning: false,
  outputCapField: 'max_tokens',
  inputMicros: 10_000_000n,
  outputMicros: 40_000_000n,
} as const

/** Units of a currency for one US dollar. */
export const EXCHANGE_RATES: Record<string, { perDollar: string; date: string; url: string }> = {
  USD: { perDollar: '1', date: '2026-06-19', url: 'https://huggingface.co/datasets/AlphaDojo/dojo_forex_kline' },
  CNY: { perDollar: '6.7686', date: '2026-06-19', url: 'https://huggingface.co/datasets/AlphaDojo/dojo_forex_kline' },
}
