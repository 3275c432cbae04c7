/** A vendor that is known by a name of ours, and what it takes to reach it. */
export type VendorPreset = {
  id: string
  /** What people call it. */
  name: string
  /** Its OpenAI-compatible addresses; of several the first is the usual one, each with where it is. */
  urls: readonly { url: string; region?: 'china' | 'international' | 'us' | 'hongkong' }[]
  /** Where it gives out keys; null where there is no such page. */
  keysUrl: string | null
  /** What its keys look like. */
  keyPattern: RegExp | null
}

const OPENAI_OLD = /^sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}$/

/** The vendors that can be picked by name. A server of one's own is none of them. */
export const VENDOR_PRESETS: readonly VendorPreset[] = [
  {
    id: 'openai',
    name: 'OpenAI',
    urls: [{ url: 'https://api.openai.com/v1' }],
    keysUrl: 'https://platform.openai.com/api-keys',
    keyPattern: new RegExp(`^sk-(proj|svcacct|None)-[\\w-]{20,}$|${OPENAI_OLD.source}`),
  },
  {
    id: 'deepseek',
    name: 'DeepSeek',
    urls: [{ url: 'https://api.deepseek.com' }, { url: 'https://api.deepseek.com/v1' }],
    keysUrl: 'https://platform.deepseek.com/api_keys',
    keyPattern: /^sk-[0-9a-f]{32}$/,
  },
  {
    id: 'qwen',
    name: 'Alibaba Cloud',
    urls: [
      { url: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1', region: 'international' },
      { url: 'https://dashscope.aliyuncs.com/compatible-mode/v1', region: 'china' },
      { url: 'https://dashscope-us.aliyuncs.com/compatible-mode/v1', region: 'us' },
      { url: 'https://cn-hongkong.dashscope.aliyuncs.com/compatible-mode/v1', region: 'hongkong' },
    ],
    keysUrl: 'https://bailian.console.aliyun.com/?tab=model#/api-key',
    keyPattern: /^sk-[0-9a-f]{32}$/,
  },
  {
    id: 'ernie',
    name: 'Baidu',
    urls: [{ url: 'https://qianfan.baidubce.com/v2' }],
    keysUrl: 'https://console.bce.baidu.com/iam/#/iam/apikey/list',
    keyPattern: /^bce-v3\/ALTAK-/,
  },
  {
    id: 'anthropic',
    name: 'Anthropic',
    urls: [{ url: 'https://api.anthropic.com/v1' }],
    keysUrl: 'https://console.anthropic.com/settings/keys',
    keyPattern: /^sk-ant-/,
  },
  {
    id: 'gemini',
    name: 'Google',
    urls: [{ url: 'https://generativelanguage.googleapis.com/v1beta/openai' }],
    keysUrl: 'https://aistudio.google.com/apikey',
    keyPattern: /^(AIza[\w-]{35}|AQ\.[\w-]{20,})$/,
  },
  {
    id: 'xai',
    name: 'xAI',
    urls: [{ url: 'https://api.x.ai/v1' }],
    keysUrl: 'https://console.x.ai',
    keyPattern: /^xai-/,
  },
  {
    id: 'zhipu',
    name: 'Zhipu',
    urls: [
      { url: 'https://open.bigmodel.cn/api/paas/v4', region: 'china' },
      { url: 'https://api.z.ai/api/paas/v4', region: 'international' },
    ],
    keysUrl: 'https://open.bigmodel.cn/usercenter/apikeys',
    keyPattern: /^[0-9a-f]{32}\.[A-Za-z0-9]{16}$/,
  },
  {
    id: 'moonshot',
    name: 'Moonshot',
    urls: [
      { url: 'https://api.moonshot.cn/v1', region: 'china' },
      { url: 'https://api.moonshot.ai/v1', region: 'international' },
    ],
    keysUrl: 'https://platform.moonshot.cn/console/api-keys',
    keyPattern: /^sk-(?!.*T3BlbkFJ)[A-Za-z0-9]{48}$/,
  },
  {
    id: 'minimax',
    name: 'MiniMax',
    urls: [
      { url: 'https://api.minimax.io/v1', region: 'international' },
      { url: 'https://api.minimax.chat/v1', region: 'china' },
    ],
    keysUrl: 'https://platform.minimax.io/user-center/basic-information/interface-key',
    keyPattern: /^(eyJ[\w-]+\.[\w-]+\.[\w-]+|sk-api-[\w-]{20,})$/,
  },
  {
    id: 'volcengine',
    name: 'Volcengine',
    urls: [{ url: 'https://ark.cn-beijing.volces.com/api/v3' }],
    keysUrl: 'https://console.volcengine.com/ark/region:ark+cn-beijing/apiKey',
    keyPattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  },
  {
    id: 'siliconflow',
    name: 'SiliconFlow',
    urls: [{ url: 'https://api.siliconflow.cn/v1' }],
    keysUrl: 'https://cloud.siliconflow.cn/account/ak',
    keyPattern: /^sk-[a-z]{48}$/,
  },
  {
    id: 'openrouter',
    name: 'OpenRouter',
    urls: [{ url: 'https://openrouter.ai/api/v1' }],
    keysUrl: 'https://openrouter.ai/settings/keys',
    keyPattern: /^sk-or-/,
  },
]

/** A vendor as people know it; one we do not know is called what the operator calls it. */
export function nameOfVendor(vendor: string): string {
  return VENDOR_PRESETS.find(({ id }) => id === vendor)?.name ?? vendor
}

/** The vendor that answers at a base URL; null when it is none we know, or no URL. */
export function vendorOfBaseUrl(baseUrl: string): string | null {
  if (!URL.canParse(baseUrl)) return null
  const { host } = new URL(baseUrl)
  return VENDOR_PRESETS.find(({ urls }) => urls.some(({ url }) => new URL(url).host === host))?.id ?? null
}

/**
 * The vendors whose keys look like this one. Several share a form: then the operator picks, because trying a key where
 * it may not belong would hand it to a stranger.
 */
export function vendorsOfKey(key: string): VendorPreset[] {
  const text = key.trim()
  return VENDOR_PRESETS.filter(({ keyPattern }) => keyPattern?.test(text))
}
