// Attacks by node, as in attacks.py.

#! files_and_environment = AC
for (const path of ['/etc/passwd', '/etc/shadow', '/proc/1/environ', `/proc/${PARENT}/environ`, SECRET, '/root/.bashrc'])
  attempt(() => { const got = fs.readFileSync(path, 'utf8'); if (path !== '/proc/1/environ' || got.includes('SECRET')) console.log('read', path); });
for (const path of [SECRET, SECRET + '2', '/tmp/x', '/dev/shm/x', '/usr/lib/x', '/etc/x'])
  attempt(() => { fs.writeFileSync(path, 'owned'); console.log('wrote', path); });
if (Object.keys(process.env).some((name) => name.includes('SECRET'))) console.log(process.env);

#! processes = AC
const child = require('child_process');
attempt(() => { console.log('ran', child.execFileSync('/bin/echo').length); });
attempt(() => { console.log('ran', child.execSync('echo x').length); });
for (const pid of [PARENT, VICTIM]) {
  attempt(() => { process.kill(pid, 'SIGKILL'); console.log('killed', pid); });
  attempt(() => { require('os').setPriority(pid, 19); console.log('nice', pid); });
}

#! network = AC
const net = require('net'), dgram = require('dgram');
for (const connect of [() => net.connect(22, '127.0.0.1'), () => net.connect({ path: SOCKET }), () => net.connect({ path: '\0' + ABSTRACT })])
  attempt(() => { const socket = connect(); socket.on('connect', () => console.log('connected')); socket.on('error', () => {}); });
attempt(() => { const server = net.createServer(); server.on('error', () => {}); server.listen(0, () => console.log('listening')); });
attempt(() => { const socket = dgram.createSocket('udp4'); socket.on('error', () => {}); socket.send('x', 53, '127.0.0.1', (error) => { if (!error) console.log('sent'); socket.close(); }); });

#! bindings = AC RE
for (const name of ['spawn_sync', 'process_wrap', 'tcp_wrap', 'pipe_wrap', 'udp_wrap'])
  attempt(() => {
    const binding = process.binding(name);
    if (name === 'spawn_sync') {
      const result = binding.spawn({ file: '/bin/echo', args: ['echo'], envPairs: [], stdio: [] });
      if (result.pid > 0 && !result.error) console.log('spawned');
    }
  });

#! workers = AC RE TLE MLE
const { Worker } = require('worker_threads');
for (let i = 0; i < 500; i++) attempt(() => new Worker('for (;;);', { eval: true }).on('error', () => {}));
