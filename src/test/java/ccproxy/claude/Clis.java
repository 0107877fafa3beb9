package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import ccproxy.claude.EventStream.Next;
import ccproxy.http.Eventually;
import ccproxy.wire.Json;
import ccproxy.wire.MessagesRequest;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/// A pool of fake CLI processes, and questions for it. None of them is left after a test.
class Clis {
    static final Duration LOOK = Duration.ofMillis(20);

    @TempDir Path folder;
    FakeCli fake;
    ClaudeSettings settings;
    CliPool pool;

    void open(int warm, int processesMax, String... options) {
        fake = new FakeCli(folder, options);
        open(fake.claude(warm, processesMax), Clock.systemUTC());
    }

    void open(ClaudeSettings settings, Clock clock) {
        this.settings = settings;
        pool = new CliPool(settings, new CliProgram(settings.cli()), clock);
    }

    @AfterEach
    void nothingIsLeft() {
        if (pool == null) return;
        pool.close();
        for (long pid : fake.pids()) gone(pid);
    }

    static void gone(long pid) {
        Eventually.isTrue("end of " + pid, () -> !FakeCli.isAlive(pid));
    }

    static MessagesRequest request(String system, String text) {
        ObjectNode request = Json.object().put("model", "m").put("max_tokens", 100);
        if (!system.isEmpty()) request.put("system", system);
        request.putArray("messages").addObject().put("role", "user").put("content", text);
        return MessagesRequest.of(request);
    }

    CliStream ask(MessagesRequest request) {
        var rules = new ModelCatalog(ModelMapping.NONE).rules("claude-sonnet-5");
        var asked = new CliRequest(Answers.turn(request), rules, false);
        return new CliStream(pool, settings, new PlainQuestion(pool, asked));
    }

    CliStream ask(String text) {
        return ask(request("", text));
    }

    /// An answer that has come to its first words.
    CliStream begun(String system, String steps) throws InterruptedException {
        CliStream stream = ask(request(system, "play[" + steps + "]"));
        assertEquals("message_start", Answers.event(stream).name());
        return stream;
    }

    String said(String steps) throws InterruptedException {
        return Answers.text(ask("play[" + steps + "]"));
    }

    /// Waits until a process was cleared so many times: then it is idle, or about to be.
    void cleared(long pid, int times) {
        Eventually.isTrue(
                "cleared " + times + " times",
                () -> fake.told(pid).stream().filter("/clear"::equals).count() >= times);
    }

    /// Waits until one of all processes is free.
    void idle() {
        Eventually.isTrue(
                "idle",
                () -> {
                    var place = pool.queue();
                    boolean isFree = place.isDone();
                    pool.leave(place);
                    return isFree;
                });
    }

    long onlyPid() {
        List<Long> pids = fake.pids();
        assertEquals(1, pids.size(), pids.toString());
        return pids.getFirst();
    }

    static void isQueued(EventStream stream) throws InterruptedException {
        assertInstanceOf(Next.Queued.class, stream.next(LOOK));
    }

    long count(String name) {
        return FakeCli.counts(pool).get(name);
    }
}
