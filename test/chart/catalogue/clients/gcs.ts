import { Storage } from '@google-cloud/storage';

// Where Node's SDK reads the variable itself, it forgets /storage/v1; those of Go and Python do not.
const { STORAGE_EMULATOR_HOST = '' } = process.env;
delete process.env['STORAGE_EMULATOR_HOST'];
const storage = new Storage({
  apiEndpoint: STORAGE_EMULATOR_HOST,
  useAuthWithCustomEndpoint: false,
  projectId: 'shop',
});
const [bucket] = await storage.createBucket('receipts');
await bucket.file('one.txt').save('a receipt');
const [content] = await storage.bucket('receipts').file('one.txt').download();
const [files] = await bucket.getFiles();
console.log(JSON.stringify({ content: content.toString(), files: files.map(({ name }) => name) }));
