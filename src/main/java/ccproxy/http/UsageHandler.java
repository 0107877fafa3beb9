package ccproxy.http;

import ccproxy.observe.Ledger;
import ccproxy.observe.Since;
import ccproxy.observe.UsageReport;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.JsonWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/// What was used, from the ledger: `?by=day|model|session|key&since=7d`.
final class UsageHandler {
    private final Ledger ledger;

    /// A million lines are seconds of work: one at a time.
    private final Semaphore turn = new Semaphore(1);

    UsageHandler(Ledger ledger) {
        this.ledger = ledger;
    }

    void show(Exchange exchange) throws InterruptedException {
        var asked = new LinkedHashMap<String, String>(Map.of("by", "day", "since", "7d"));
        parameters(exchange.query(), asked);
        UsageReport.By by = valid("by", () -> UsageReport.By.of(asked.get("by")));
        Instant since = valid("since", () -> Since.of(asked.get("since"), Instant.now()));
        if (!ledger.isKept()) {
            throw new ApiException(
                    ErrorKind.NOT_FOUND, "usage: no ledger is kept (usage.keep_days is 0)");
        }
        exchange.json(200, JsonWriter.bytes(report(by, since).shown(since)));
    }

    private static void parameters(String query, Map<String, String> asked) {
        for (String parameter : query.split("&")) {
            if (parameter.isEmpty()) continue;
            String[] parts = parameter.split("=", 2);
            if (!asked.containsKey(parts[0]))
                throw wrong("query", "expected by or since, found '" + parts[0] + "'");
            asked.put(parts[0], parts.length < 2 ? "" : decoded(parts));
        }
    }

    private static String decoded(String[] parts) {
        return valid(parts[0], () -> URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
    }

    private static <T> T valid(String name, Supplier<T> read) {
        try {
            return read.get();
        } catch (IllegalArgumentException e) {
            throw wrong(name, e.getMessage());
        }
    }

    private static ApiException wrong(String name, String message) {
        return new ApiException(ErrorKind.INVALID_REQUEST, name + ": " + message).at(name);
    }

    /// Read by a thread that the system interrupts: a virtual one would hold a processor that
    /// streams are waiting for.
    private UsageReport report(UsageReport.By by, Instant since) throws InterruptedException {
        turn.acquire();
        try {
            var thread = Thread.ofPlatform().daemon().name("usage-report");
            // Whatever it ends with is told, a lack of memory too: nobody waits for nothing.
            return CompletableFuture.supplyAsync(() -> read(by, since), thread::start).join();
        } catch (CompletionException e) {
            throw new UncheckedIOException(new IOException("the ledger cannot be read", e));
        } finally {
            turn.release();
        }
    }

    private UsageReport read(UsageReport.By by, Instant since) {
        try {
            return ledger.report(by, since);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
