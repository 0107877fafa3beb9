package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Usage;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Limits of a key, by a clock that only the test moves.
class QuotaTest {
    private Instant now = Instant.parse("2026-03-01T22:00:00Z");
    private long nanos = Long.MAX_VALUE - 1_000_000_000L;

    private final Quotas quotas = new Quotas(() -> now, () -> nanos, Map.of("used", 90L));

    private void pass(Duration time) {
        now = now.plus(time);
        nanos += time.toNanos();
    }

    private static ClientKey key(String name, int requestsPerMinute, long tokensPerDay) {
        return new ClientKey(
                name, "", requestsPerMinute, tokensPerDay, List.of(), Set.<String>of());
    }

    private int admitted(ClientKey key, int tries) {
        int admitted = 0;
        for (int i = 0; i < tries; i++) {
            try {
                quotas.of(key.name()).admit(key);
                admitted++;
            } catch (ApiException e) {
                assertEquals(ErrorKind.RATE_LIMIT, e.kind());
            }
        }
        return admitted;
    }

    private ApiException refused(ClientKey key) {
        return assertThrows(ApiException.class, () -> quotas.of(key.name()).admit(key));
    }

    private String header(ClientKey key, String name) {
        return quotas.of(key.name()).admit(key).get("anthropic-ratelimit-" + name).getFirst();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 59, 60, 61, 1000, 99_999, 100_000})
    void minutesWorthIsThereAtOnceAndNotOneMore(int limit) {
        ClientKey key = key("a", limit, 0);
        assertEquals(limit, admitted(key, limit + 1));
        pass(Duration.ofMinutes(1));
        assertEquals(limit, admitted(key, limit + 1));
    }

    @Test
    void bucketFillsEvenlyAndRefusalsTakeNothing() {
        ClientKey key = key("a", 6, 0);
        assertEquals(6, admitted(key, 100));
        assertEquals(List.of("10"), refused(key).headers().get("retry-after"));
        pass(Duration.ofMillis(9_999));
        assertEquals(List.of("1"), refused(key).headers().get("retry-after"));
        pass(Duration.ofMillis(1));
        assertEquals(1, admitted(key, 3));
        pass(Duration.ofSeconds(35));
        assertEquals(3, admitted(key, 10));
        pass(Duration.ofHours(5));
        assertEquals(6, admitted(key, 10));
    }

    @Test
    void whatIsLeftIsTold() {
        ClientKey key = key("a", 6, 0);
        assertEquals("6", header(key, "requests-limit"));
        assertEquals("4", header(key, "requests-remaining"));
        assertEquals("2026-03-01T22:00:30Z", header(key, "requests-reset"));
        admitted(key, 3);
        var told = refused(key).headers();
        assertEquals(List.of("0"), told.get("anthropic-ratelimit-requests-remaining"));
        assertEquals(Map.of(), quotas.of("b").admit(key("b", 0, 0)));
    }

    @Test
    void keysDoNotTouchEachOther() {
        assertEquals(2, admitted(key("a", 2, 0), 5));
        assertEquals(2, admitted(key("b", 2, 0), 5));
    }

    @Test
    void thousandAtOnceLetNoMoreInThanTheLimit() throws InterruptedException {
        ClientKey key = key("a", 100, 0);
        var admitted = new AtomicInteger();
        var start = new CountDownLatch(1);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 1000; i++) {
                threads.submit(() -> {
                    start.await();
                    return admitted.addAndGet(admitted(key, 1));
                });
            }
            start.countDown();
        }
        assertEquals(100, admitted.get());
    }

    @Test
    void changedLimitKeepsWhatWasUsed() {
        assertEquals(10, admitted(key("a", 10, 0), 20));
        assertEquals(0, admitted(key("a", 5, 0), 1));
        pass(Duration.ofSeconds(12));
        assertEquals(1, admitted(key("a", 5, 0), 5));
        assertEquals(0, admitted(key("a", 1, 0), 5));
        pass(Duration.ofSeconds(60));
        assertEquals(1, admitted(key("a", 1, 0), 5));
    }

    @Test
    void tokensAreCountedUntilTheyAreUsedUp() {
        ClientKey key = key("a", 0, 100);
        Quota quota = quotas.of("a");
        quota.spend(new Usage(50, 40, 1_000_000, 9, 40));
        assertEquals("1", header(key, "tokens-remaining"));
        assertEquals("2026-03-02T00:00:00Z", header(key, "tokens-reset"));
        quota.spend(new Usage(1, 0, 0, 0, 0));
        var refused = refused(key);
        assertEquals(List.of("7200"), refused.headers().get("retry-after"));
        assertEquals(List.of("false"), refused.headers().get("x-should-retry"));
        assertEquals(List.of("0"), refused.headers().get("anthropic-ratelimit-tokens-remaining"));
        assertEquals(
                "key 'a' has used its 100 tokens of this day, which ends at midnight UTC",
                refused.getMessage());
    }

    @Test
    void midnightInUtcBringsNewTokens() {
        ClientKey key = key("a", 0, 100);
        quotas.of("a").spend(new Usage(500, 0, 0, 0, 0));
        pass(Duration.ofHours(2).minusMillis(1));
        assertEquals(List.of("1"), refused(key).headers().get("retry-after"));
        pass(Duration.ofMillis(1));
        assertEquals("100", header(key, "tokens-remaining"));
        quotas.of("a").spend(new Usage(99, 0, 0, 0, 0));
        assertEquals(1, admitted(key, 1));
        quotas.of("a").spend(new Usage(0, 1, 0, 0, 0));
        assertEquals(0, admitted(key, 1));
    }

    @Test
    void whatWasUsedBeforeTheStartCountsForItsDayOnly() {
        ClientKey key = key("used", 0, 100);
        assertEquals("10", header(key, "tokens-remaining"));
        pass(Duration.ofHours(2));
        assertEquals("100", header(key, "tokens-remaining"));
    }

    @Test
    void refusedForTokensTakesNoRequest() {
        ClientKey key = key("used", 3, 90);
        assertEquals(0, admitted(key, 5));
        assertEquals(3, admitted(key("used", 3, 0), 5));
    }
}
