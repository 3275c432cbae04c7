/** The vendors we know by name, and where their OpenAI-compatible API is. */
export const VENDOR_BASE_URLS: Record<string, readonly string[]> = {
  openai: ['https://api.openai.com/v1'],
  deepseek: ['https://api.deepseek.com', 'https://api.deepseek.com/v1'],
  qwen: [
    'https://dashscope.aliyuncs.com/compatible-mode/v1',
    'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    'https://dashscope-us.aliyuncs.com/compatible-mode/v1',
  ],
  ernie: ['https://qianfan.baidubce.com/v2'],
}

/** What people call the vendors that are known by a name of ours. */
const VENDOR_NAMES: Record<string, string> = {
  openai: 'OpenAI',
  anthropic: 'Anthropic',
  gemini: 'Google',
  xai: 'xAI',
  deepseek: 'DeepSeek',
  qwen: 'Alibaba Cloud',
  ernie: 'Baidu',
  zhipu: 'Zhipu',
  moonshot: 'Moonshot',
  minimax: 'MiniMax',
  volcengine: 'Volcengine',
  siliconflow: 'SiliconFlow',
}

/** A vendor as people know it; one we do not know is called what the operator calls it. */
export function nameOfVendor(vendor: string): string {
  return VENDOR_NAMES[vendor] ?? vendor
}

/** The vendor that answers at a base URL; null when it is none we know. */
export function vendorOfBaseUrl(baseUrl: string): string | null {
  const host = new URL(baseUrl).host
  const known = Object.entries(VENDOR_BASE_URLS).find(([, urls]) => urls.some((url) => new URL(url).host === host))
  return known?.[0] ?? null
}
