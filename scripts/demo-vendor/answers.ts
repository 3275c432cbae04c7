/** What the demo says, in the language of the question. It never pretends to be a model. */
export function answerTo(question: string): string {
  const quote = quoteOf(question)
  if (isChinese(question)) return inChinese(quote, question.length % 2 === 0)
  return inEnglish(quote, question.length % 2 === 0)
}

/** True when the text is written in Chinese, or in it among others. */
function isChinese(text: string): boolean {
  return /\p{Script=Han}/u.test(text)
}

const QUOTE_MAX = 60

function quoteOf(question: string): string {
  const line = question
    .replace(/[`*_#<>[\]|$\\]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  const characters = [...line]
  return characters.length > QUOTE_MAX ? `${characters.slice(0, QUOTE_MAX).join('')}…` : line
}

function inEnglish(quote: string, inPython: boolean): string {
  return `You wrote “${quote}”. I am the **built-in demo**: a small local program with a few prepared answers, not a language model. I cannot answer that, but I can show you how an answer arrives here, and what it costs.

## What you are looking at

- This text streams in word by word, over the same wire format that OpenAI, DeepSeek, Qwen (**通义千问**) and ERNIE (**文心**) speak.
- Before it began, credits for the longest possible answer were *held*; when it ends, only what it used is charged.
- Reload the page, or open it on your phone: the answer goes on where it was.

## Some code

${inPython ? PYTHON : TYPESCRIPT}

## A table

| Step | What happens | Credits |
|---|---|---|
| Hold | the most this answer can cost is set aside | reserved |
| Stream | you read | unchanged |
| Capture | what was used is charged, the rest comes back | exact |

## A formula

The sum behind every receipt, with $$t_k$$ tokens of a kind and its price $$p_k$$ for a million of them:

$$
\\text{cost} = \\left\\lceil \\sum_k \\frac{t_k \\cdot p_k}{10^6} \\right\\rceil
$$

To talk to a real model, add a channel: \`OPENAI_API_KEY=… npm start\`, or \`npm run admin -- channel add\`. This demo then steps aside.`
}

function inChinese(quote: string, inPython: boolean): string {
  return `你写的是“${quote}”。我是**内置演示**：一个本地小程序，只有几段事先写好的回答，并不是语言模型。这个问题我答不了，但可以让你看看回答是怎样到来的、又是怎样计费的。

## 你正在看到什么

- 这段文字逐词流式输出，用的就是 OpenAI、DeepSeek、**通义千问**（Qwen）和**文心**（ERNIE）所用的同一种格式。
- 开始之前，系统会按这次回答的上限*冻结*积分；结束之后，只按**实际用量**扣除。
- 刷新页面，或者换一部手机打开，回答都会从原处继续。这叫做**“不丢一个字”**，说到做到。

## 一段代码

${inPython ? PYTHON : TYPESCRIPT}

## 一张表

| 步骤 | 发生了什么 | 积分 |
|---|---|---|
| 冻结 | 按这次回答的最高费用预留 | 预留 |
| 输出 | 你在阅读 | 不变 |
| 结算 | 按用量扣除，其余退回 | 分毫不差 |

## 一个公式

每份费用明细背后的算式，其中 $$t_k$$ 是某一类 token 的数量，$$p_k$$ 是它每百万个的价格：

$$
\\text{费用} = \\left\\lceil \\sum_k \\frac{t_k \\cdot p_k}{10^6} \\right\\rceil
$$

想用真正的模型，请添加一个渠道：\`OPENAI_API_KEY=… npm start\`，或者 \`npm run admin -- channel add\`。之后演示就会自动让位。`
}

const TYPESCRIPT = `\`\`\`ts
// Prices are micro-credits per million tokens: whole numbers, never floats.
function cost(tokens: number, price: bigint): bigint {
  const scaled = BigInt(tokens) * price
  return (scaled + 999_999n) / 1_000_000n
}

console.log(cost(380, 40_000_000n)) // 15200n
\`\`\``

const PYTHON = `\`\`\`python
# Prices are micro-credits per million tokens: whole numbers, never floats.
def cost(tokens: int, price: int) -> int:
    return -(-tokens * price // 1_000_000)


print(cost(380, 40_000_000))  # 15200
\`\`\``
