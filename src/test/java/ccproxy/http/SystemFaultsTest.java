package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ccproxy.claude.FakeCli;
import ccproxy.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// A machine that runs out of something, whose clock jumps, or that ends us.
@Tag("faults")
@EnabledOnOs(OS.LINUX)
class SystemFaultsTest {
    @TempDir Path folder;
    @TempDir Path beside;

    /// What the state folder cannot hold costs a warning; the conversation goes on in memory.
    @Test
    void diskFull() throws Exception {
        Path disk = Files.createDirectories(beside.resolve("disk"));
        boolean isMounted = run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk.toString());
        assumeTrue(isMounted, "may not mount a small disk");
        var fake = new FakeCli(Files.createDirectories(beside.resolve("cli")));
        var setup = FaultDrill.Setup.PLAIN.variable("XDG_STATE_HOME", disk.toString());
        try (var drill =
                new FaultDrill(
                        folder,
                        FaultDrill.Backend.SDK,
                        setup,
                        "--sdk-path",
                        fake.program().toString(),
                        "--sdk-warm",
                        "0",
                        "--timeout-first-event",
                        "30s")) {
            fill(disk);
            for (int turn = 0; turn < 3; turn++) {
                assertEquals("a whole answer", drill.seen(Api.CHAT, true, "/sdk/s1", "hello"));
            }
            assertTrue(drill.program().log().contains("\"level\":\"warn\""), "no warning");
            drill.survived("disk full", "whole answers");
        } finally {
            run("umount", "-l", disk.toString());
        }
    }

    private static void fill(Path disk) throws IOException {
        try (var out = Files.newOutputStream(disk.resolve("filler"))) {
            for (byte[] page = new byte[4096]; ; ) out.write(page);
        } catch (IOException _) {
            // It is full.
        }
    }

    /// Time that is only the wall clock's changes nothing that lasts: waits, and what a session
    /// remembers.
    @Test
    void clockJump() throws Exception {
        Path library = Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1");
        assumeTrue(Files.exists(library), "no libfaketime");
        Path clock = Files.writeString(beside.resolve("clock"), "+0");
        var setup =
                FaultDrill.Setup.PLAIN
                        .variable("LD_PRELOAD", library.toString())
                        .variable("FAKETIME_TIMESTAMP_FILE", clock.toString())
                        .variable("FAKETIME_CACHE_DURATION", "1")
                        .variable("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        try (var drill = new FaultDrill(folder, FaultDrill.Backend.API, setup)) {
            for (String jump : List.of("+2d", "-2d")) {
                int asked = drill.asked();
                var isJumped = new AtomicBoolean();
                drill.upstream(c -> {
                    c.stream();
                    c.chunk(FakeUpstream.START);
                    c.text("Good");
                    // However long that takes, it is no silence.
                    while (!isJumped.get()) {
                        c.chunk(": working\n\n");
                        Thread.sleep(100);
                    }
                    c.await();
                    c.chunk(FakeUpstream.END);
                });
                try (RawClient client = drill.raw()) {
                    // The library makes all that asks for the time slow.
                    client.socket().setSoTimeout(30_000);
                    client.post("/s1/v1/messages", Api.MESSAGES.stream("hello"));
                    client.readUntil("Good");
                    Files.writeString(clock, jump);
                    awaitClock(drill, jump);
                    isJumped.set(true);
                    client.readUntil("event: ping");
                    drill.upstream().connection(asked).go();
                    client.readUntil("event: message_stop");
                }
                drill.upstream(FaultDrill::fine);
                assertEquals("a whole answer", drill.seen(Api.MESSAGES, true, "/s1", "again"));
                String body = drill.upstream().requests().getLast().body();
                assertTrue(Json.tree(body).path("messages").size() >= 3, body);
                String time = drill.program().log().lines().toList().getLast();
                drill.survived("clock jumps by " + jump, "whole answers; the session goes on");
                assertTrue(time.startsWith("{\"time\":\""), time);
            }
        }
    }

    /// Waits until the server knows the new time: the JDK's server closes a connection that has no
    /// request when its clock jumps, so what is asked just then may have to be asked again.
    private static void awaitClock(FaultDrill drill, String jump) {
        long jumped = Duration.parse("P" + jump.substring(1)).toHours();
        long hours = jump.startsWith("-") ? -jumped : jumped;
        Eventually.isTrue(
                "the server's clock is at " + jump,
                () -> {
                    try (RawClient client = drill.raw()) {
                        String date =
                                client.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                                        .answer()
                                        .header("date");
                        var time = ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME);
                        var off = Duration.between(ZonedDateTime.now(), time);
                        return Math.abs(off.toHours() - hours) <= 1;
                    } catch (IOException _) {
                        return false;
                    }
                });
    }

    /// Those that run get their grace, then an error; the exit is as asked.
    @Test
    void sigtermUnderLoad() throws Exception {
        var clients = new ArrayList<RawClient>();
        try (var drill =
                new FaultDrill(
                        folder,
                        FaultDrill.Backend.API,
                        FaultDrill.Setup.PLAIN,
                        "--shutdown-grace",
                        "500ms")) {
            drill.upstream(c -> {
                c.stream();
                c.chunk(FakeUpstream.START);
                while (!c.isLeftWithinMillis(20)) c.text("more ");
            });
            for (int i = 0; i < 20; i++) {
                Api api = Api.values()[i % 2];
                clients.add(drill.raw().post(api.path, api.stream("hello")));
            }
            for (RawClient client : clients) client.readUntil("more");
            assertEquals(0, drill.program().stop());
            for (int i = 0; i < clients.size(); i++) {
                String rest = clients.get(i).readAll();
                assertTrue(rest.contains("the server is stopping"), rest);
                assertFalse(Api.values()[i % 2].isWhole(rest), rest);
            }
        } finally {
            for (RawClient client : clients) client.close();
        }
    }

    /// More connections than the process may have files: some are let in, `/health` always is, and
    /// when they go all is as before.
    @Test
    void descriptorsExhausted() throws Exception {
        var setup = FaultDrill.Setup.PLAIN.with("sh", "-c", "ulimit -n 256; exec \"$@\"", "sh");
        try (var drill = new FaultDrill(folder, FaultDrill.Backend.API, setup)) {
            var statuses = new TreeMap<Integer, Integer>();
            var clients = new ArrayList<RawClient>();
            drill.upstream(FakeUpstream.Connection::await);
            for (int i = 0; i < 500; i++) {
                clients.add(drill.raw());
                if (i < 400) ask(clients.getLast());
            }
            long before = drill.cpuMillis();
            for (RawClient client : clients.subList(0, 400)) {
                statuses.merge(status(client), 1, Integer::sum);
            }
            assertTrue(drill.cpuMillis() - before < 20_000, "it spins");
            for (RawClient client : clients) client.close();
            assertFalse(drill.program().log().contains("Too many open files"), "ran out");
            drill.survived("500 connections where 256 files may be open", statuses.toString());
        }
    }

    private static void ask(RawClient client) {
        try {
            client.post(Api.MESSAGES.path, Api.MESSAGES.body("hello"));
        } catch (IOException _) {
            // Closed at once: a client sees that it cannot connect, and tries again.
        }
    }

    /// {@return what a client hears; 0 for a connection that was closed on it}
    private static int status(RawClient client) {
        try {
            return client.answer().status();
        } catch (IOException _) {
            return 0;
        }
    }

    @Test
    void portTaken() throws Exception {
        try (var drill = new FaultDrill(folder)) {
            Path other = Files.createDirectories(beside.resolve("other"));
            String port = Integer.toString(drill.program().port());
            var said =
                    assertThrows(
                            AssertionError.class,
                            () -> new Program(other, List.of(), "--port", port));
            assertTrue(said.getMessage().contains("cannot listen on"), said.getMessage());
            assertFalse(said.getMessage().contains("Exception"), said.getMessage());
            drill.survived("port taken", "the first goes on; the second says so in a line");
        }
    }

    /// Nobody can prevent it; but no answer looks whole, and the port is free at once.
    @Test
    void killUnderLoad() throws Exception {
        int port;
        try (var drill = new FaultDrill(folder);
                RawClient chat = drill.raw();
                RawClient messages = drill.raw()) {
            port = drill.program().port();
            drill.upstream(c -> {
                c.stream();
                c.chunk(FakeUpstream.START);
                while (!c.isLeftWithinMillis(20)) c.text("more ");
            });
            chat.post(Api.CHAT.path, Api.CHAT.stream("hello")).readUntil("more");
            messages.post(Api.MESSAGES.path, Api.MESSAGES.stream("hello")).readUntil("more");
            drill.program().kill();
            for (RawClient client : List.of(chat, messages)) {
                String rest = rest(client);
                assertFalse(Api.CHAT.isWhole(rest) || Api.MESSAGES.isWhole(rest), rest);
                // The last chunk of a whole response is empty.
                assertFalse(rest.endsWith("0\r\n\r\n"), rest);
            }
        }
        Path again = Files.createDirectories(beside.resolve("again"));
        try (var drill =
                new FaultDrill(
                        again,
                        FaultDrill.Backend.API,
                        FaultDrill.Setup.PLAIN,
                        "--port",
                        Integer.toString(port))) {
            drill.survived("kill -9 under load, and a start on the same port", "a cut connection");
        }
    }

    private static String rest(RawClient client) {
        try {
            return client.readAll();
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
    }
}
