package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.Certificates;
import ccproxy.observe.Log;
import com.sun.net.httpserver.HttpsServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the server shows as its certificate, and what happens when the file changes.
class KeystoreTest {
    private static final long MINUTE = RenewedKeys.LOOK_NANOS_MIN;

    @TempDir static Path made;
    private static Keystore first;
    private static Keystore second;

    @TempDir Path folder;
    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private final Log.Output before =
            Log.configure(Log.Level.INFO, Log.Format.JSON, new PrintStream(log, true));
    private final AtomicLong nanos = new AtomicLong();
    private Path file;

    @BeforeAll
    static void certify() throws Exception {
        first = keystore(made.resolve("first.p12"), Certificates.PASSWORD);
        second = keystore(made.resolve("second.p12"), Certificates.PASSWORD);
        Certificates.make(first.file(), "ip:127.0.0.1");
        Certificates.make(second.file(), "ip:127.0.0.1");
    }

    @BeforeEach
    void copy() throws IOException {
        file = Files.copy(first.file(), folder.resolve("server.p12"));
    }

    @AfterEach
    void restore() {
        Log.configure(before);
    }

    private static Keystore keystore(Path file, String password) {
        return new Keystore(file, password);
    }

    private String problem(String password) {
        var e =
                assertThrows(
                        Keystore.UnusableException.class,
                        () -> keystore(file, password).certificate());
        String start = "tls.keystore: " + file + ": ";
        assertTrue(e.getMessage().startsWith(start), e.getMessage());
        return e.getMessage().substring(start.length());
    }

    @Test
    void certificateIsThatOfTheKey() throws Exception {
        X509Certificate found = keystore(file, Certificates.PASSWORD).certificate();
        assertEquals("CN=test", found.getSubjectX500Principal().getName());
    }

    @Test
    void whatCannotBeUsedSaysWhy() throws Exception {
        assertEquals("tls.keystore_password is not the one of this file", problem("wrong"));
        assertEquals("tls.keystore_password is not the one of this file", problem(""));
        Files.writeString(file, "no keystore");
        assertTrue(problem("x").startsWith("expected a PKCS #12 file ("), problem("x"));
        Files.delete(file);
        assertEquals("there is no such file", problem("x"));
        Files.createDirectory(file);
        assertTrue(problem("x").matches("(expected|cannot be read).*"), problem("x"));
    }

    @Test
    void certificateWithoutItsKeyIsNone() throws Exception {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setCertificateEntry("a", first.certificate());
        try (var out = Files.newOutputStream(file)) {
            keys.store(out, "p".toCharArray());
        }
        assertEquals("expected a private key with its certificate in it", problem("p"));
    }

    private RenewedKeys keys() throws IOException {
        return new RenewedKeys(keystore(file, Certificates.PASSWORD), nanos::get);
    }

    /// Puts another certificate into the place, with a time of its own.
    private void renew(Path from, int age) throws IOException {
        Path beside = folder.resolve("new.p12");
        Files.copy(from, beside, StandardCopyOption.REPLACE_EXISTING);
        Instant time = Instant.parse("2026-01-01T00:00:00Z").plusSeconds(age);
        Files.setLastModifiedTime(beside, FileTime.from(time));
        Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static String alias(RenewedKeys keys) throws Exception {
        SSLEngine engine = TlsConfigurator.of(keys).getSSLContext().createSSLEngine();
        engine.setUseClientMode(false);
        return keys.chooseEngineServerAlias("EC", null, engine);
    }

    @Test
    void changedFileIsTakenUpAfterAMinute() throws Exception {
        RenewedKeys keys = keys();
        Certificate[] old = {first.certificate()};
        Certificate[] renewed = {second.certificate()};
        String oldAlias = alias(keys);
        renew(second.file(), 1);
        nanos.addAndGet(MINUTE - 1);
        assertArrayEquals(old, keys.getCertificateChain(alias(keys)));
        nanos.addAndGet(1);
        String alias = alias(keys);
        assertArrayEquals(renewed, keys.getCertificateChain(alias));
        // A handshake that has begun before ends with what it began.
        assertArrayEquals(old, keys.getCertificateChain(oldAlias));
        assertTrue(!keys.getPrivateKey(alias).equals(keys.getPrivateKey(oldAlias)));
        assertTrue(log.toString().contains("certificate renewed"), log.toString());
    }

    @Test
    void brokenFileIsAWarningAndTheOldCertificateStays() throws Exception {
        RenewedKeys keys = keys();
        Files.writeString(file, "half");
        nanos.addAndGet(MINUTE);
        assertArrayEquals(
                new Certificate[] {first.certificate()}, keys.getCertificateChain(alias(keys)));
        assertTrue(log.toString().contains("the certificate before it stays"), log.toString());
        Files.delete(file);
        nanos.addAndGet(MINUTE);
        alias(keys);
        renew(second.file(), 2);
        nanos.addAndGet(MINUTE);
        assertArrayEquals(
                new Certificate[] {second.certificate()}, keys.getCertificateChain(alias(keys)));
    }

    @Test
    void serverThatRunsShowsTheRenewedCertificate() throws Exception {
        HttpsServer server =
                HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(TlsConfigurator.of(keys()));
        server.start();
        try {
            int port = server.getAddress().getPort();
            assertEquals(first.certificate(), shown(port));
            renew(second.file(), 1);
            assertEquals(first.certificate(), shown(port));
            nanos.addAndGet(MINUTE);
            assertEquals(second.certificate(), shown(port));
        } finally {
            server.stop(0);
        }
    }

    private static Certificate shown(int port) throws Exception {
        SSLContext trusting = SSLContext.getInstance("TLS");
        trusting.init(null, new TrustManager[] {new Everyone()}, null);
        try (var socket = (SSLSocket) trusting.getSocketFactory().createSocket("127.0.0.1", port)) {
            socket.startHandshake();
            return socket.getSession().getPeerCertificates()[0];
        }
    }

    private static final class Everyone implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return List.<X509Certificate>of().toArray(X509Certificate[]::new);
        }
    }
}
