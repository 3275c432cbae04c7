/** What the people of the demonstration are called, and what they talk about. Chinese names come with their address. */
const SURNAMES =
  '王wang 李li 张zhang 刘liu 陈chen 杨yang 黄huang 赵zhao 吴wu 周zhou 徐xu 孙sun 马ma 朱zhu 胡hu 郭guo 何he 林lin 高gao 罗luo 郑zheng 梁liang 谢xie 宋song 唐tang 许xu 韩han 邓deng 冯feng 曹cao 彭peng 曾zeng 肖xiao 田tian 董dong 潘pan 袁yuan 蔡cai 蒋jiang 余yu'
const GIVEN_NAMES =
  '伟wei 芳fang 娜na 敏min 静jing 磊lei 洋yang 艳yan 勇yong 军jun 杰jie 娟juan 涛tao 超chao 明ming 霞xia 平ping 刚gang 建华jianhua 建国jianguo 志强zhiqiang 晓明xiaoming 晓燕xiaoyan 雨桐yutong 子轩zixuan 浩然haoran 欣怡xinyi 梓涵zihan 一诺yinuo 思远siyuan 文博wenbo 佳怡jiayi 俊杰junjie 雪梅xuemei 丽华lihua 海波haibo 春梅chunmei 志远zhiyuan 婷婷tingting 嘉豪jiahao 若曦ruoxi 天宇tianyu 诗涵shihan 宇航yuhang 梦琪mengqi 云飞yunfei 立新lixin 秀英xiuying'
const FIRST_NAMES =
  'Alice Amir Anna Antonio Aisha Ben Bianca Carlos Charlotte Chloe Daniel David Diego Elena Emily Emma Eric Fatima Felix Grace Hannah Henry Ingrid Isabel Jack James Jonas Julia Karim Kate Laura Leo Liam Lucas Lucy Marco Maria Mark Martin Maya Mia Mohammed Nadia Nina Noah Nora Oliver Olivia Omar Oscar Paul Peter Priya Rachel Raj Robert Rosa Sam Sara Simon Sofia Sophie Tara Thomas Tom Victor Yara Zoe'
const LAST_NAMES =
  'Adams Ahmed Allen Andersson Baker Becker Bell Bennett Brown Campbell Carter Clark Costa Cruz Davies Diaz Evans Ferrari Fischer Garcia Gomez Green Gupta Hall Hansen Harris Hughes Ivanov Jansen Johnson Jones Kaur Keller Khan Kim King Klein Kowalski Larsen Lewis Lopez Martin Mensah Meyer Miller Moore Morgan Muller Murphy Nguyen Novak Okafor Patel Perez Phillips Reed Roberts Rossi Russo Santos Schmidt Scott Silva Singh Smith Taylor Tran Turner Walker Weber White Wilson Wood Young'

const TOPICS = {
  en: [
    'a weekly report for the sales team',
    'unit tests for a date parser',
    'the difference between TCP and UDP',
    'a plan for learning to swim',
    'a letter to a landlord',
    'an SQL query that finds duplicates',
    'a packing list for a week in the mountains',
    'the causes of the French Revolution',
    'a name for a small bakery',
    'a regular expression for phone numbers',
    'the rules of offside',
    'a budget for a family of four',
    'the plot of Hamlet',
    'a spreadsheet formula for compound interest',
    'a vegetarian dinner for six',
    'photosynthesis, for a ten-year-old',
    'a product page for a bicycle lamp',
    'a speech for a wedding',
  ],
  zh: [
    '一份给销售团队的周报',
    '日期解析函数的单元测试',
    'TCP 和 UDP 的区别',
    '零基础学游泳的计划',
    '写给房东的一封信',
    '查找重复记录的 SQL',
    '去山里住一周的行李清单',
    '安史之乱的起因',
    '一家小面包店的名字',
    '匹配手机号的正则表达式',
    '足球里的越位规则',
    '四口之家的月度预算',
    '《红楼梦》前五回的脉络',
    '表格里计算复利的公式',
    '六个人的素食晚餐',
    '讲给十岁孩子听的光合作用',
    '自行车灯的商品介绍',
    '婚礼上的祝词',
  ],
}

const QUESTIONS = {
  en: [
    'Please help me with {topic}.',
    'I need {topic}. Keep it short.',
    'How would you approach {topic}?',
    'Give me a first version of {topic}, then tell me what is weak about it.',
    'Explain {topic} step by step.',
    'Three ideas for {topic}, please.',
    'Make that friendlier, and shorter.',
    'What did I forget about {topic}?',
  ],
  zh: [
    '请帮我写{topic}。',
    '我需要{topic}，尽量简短。',
    '关于{topic}，你会怎么做？',
    '先给我{topic}的初稿，再说说哪里不够好。',
    '请一步一步讲解{topic}。',
    '关于{topic}，给我三个思路。',
    '语气再亲切一点，再短一些。',
    '关于{topic}，我还漏了什么？',
  ],
}

const ANSWERS = {
  en: [
    'Here is a way to begin with {topic}.\n\n1. Write down what the result has to do, in one sentence.\n2. Collect what you already have, and what is missing.\n3. Make a rough version and show it to somebody.\n\nTell me for whom it is, and I will go into detail.',
    'Short answer: yes, but start smaller. With {topic} most people try to do everything at once. Take the part that can go wrong first, check it, and only then go on to the rest.',
    '**In brief**\n\n- What matters most about {topic} is the order of the steps.\n- Leave room for a correction at the end.\n- What cannot be checked should be left out.\n\nI can turn this into a table or a text of about two hundred words, whichever helps you more.',
    'Let us take {topic} apart. There are three pieces: what is given, what is wanted, and what may not change. Once these are written down, the solution is mostly a matter of care.\n\nA first version:\n\n> Begin with the reader. Say what they get, say what they have to do, and stop.\n\nShall I make it more formal?',
    'Good question. I would look at {topic} from the end: suppose it is finished and works well. What had to be true for that? Usually it comes down to a clear goal, one person who decides, and a date.',
  ],
  zh: [
    '可以这样开始{topic}。\n\n1. 用一句话写清楚结果要做到什么。\n2. 列出手头已有的和还缺的。\n3. 先做一个粗略的版本，拿给别人看。\n\n告诉我是给谁用的，我再展开细节。',
    '简短地说：可以，但先从小处做起。做{topic}时，很多人想一次做完。先处理最容易出错的部分，确认没问题，再做其余的。',
    '**要点**\n\n- {topic}最关键的是步骤的先后。\n- 最后留出修改的余地。\n- 没法核实的内容就不要写。\n\n我可以整理成表格，也可以写成两百字左右的短文，看哪种更方便你。',
    '我们把{topic}拆开看，一共三块：已知的、想要的、不能变的。写清楚之后，剩下的主要是细心。\n\n初稿：\n\n> 从读者出发。说清楚他们能得到什么、需要做什么，然后停笔。\n\n需要更正式一些吗？',
    '这个问题很好。我会从结果倒着看{topic}：假设已经完成而且效果不错，前提是什么？通常是目标明确、有一个人拍板、有一个日期。',
  ],
}

/** A word of Chinese characters and its address in Latin letters. */
function split(words: string): { text: string; latin: string }[] {
  return words.split(' ').map((word) => {
    const latin = word.replace(/^[^a-z]+/, '')
    return { text: word.slice(0, -latin.length), latin }
  })
}

const surnames = split(SURNAMES)
const givenNames = split(GIVEN_NAMES)

/** All words as one document for the database, lists by name. */
export const WORDS = {
  surnames: surnames.map(({ text }) => text),
  surnamesLatin: surnames.map(({ latin }) => latin),
  givenNames: givenNames.map(({ text }) => text),
  givenNamesLatin: givenNames.map(({ latin }) => latin),
  firstNames: FIRST_NAMES.split(' '),
  lastNames: LAST_NAMES.split(' '),
  topicsEn: TOPICS.en,
  topicsZh: TOPICS.zh,
  questionsEn: QUESTIONS.en,
  questionsZh: QUESTIONS.zh,
  answersEn: ANSWERS.en,
  answersZh: ANSWERS.zh,
}
