import { OpenAI } from 'openai';

const openai = new OpenAI();
const question = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Where is my order?' }] } as const;
const { choices } = await openai.chat.completions.create({ ...question, messages: [...question.messages] });
const stream = await openai.chat.completions.create({ ...question, messages: [...question.messages], stream: true });
let streamed = '';
for await (const { choices } of stream) streamed += choices[0]?.delta.content ?? '';
console.log(JSON.stringify({ answer: choices[0]?.message.content, streamed }));
