import { createTransport } from 'nodemailer';

const { SMTP_HOST, SMTP_PORT } = process.env;
const transport = createTransport({ host: SMTP_HOST, port: Number(SMTP_PORT), ignoreTLS: true });
const mail = { from: 'shop@shop.example', to: 'buyer@shop.example', subject: 'Thanks', text: 'Enjoy.' };
const { accepted } = await transport.sendMail(mail);
transport.close();
console.log(JSON.stringify({ accepted }));
