package ccproxy.http;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Usage;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// What one key has used of its limits. Requests are a bucket that holds a minute's worth and fills
/// evenly, as Anthropic's own; tokens are counted for each day in UTC, when an answer has ended. An
/// answer that has begun is never cut. For any number of threads.
final class Quota {
    private static final long MINUTE_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final String PREFIX = "anthropic-ratelimit-";

    private final InstantSource clock;
    private final LongSupplier nanos;

    /// When the bucket will be full again: never more than a minute ahead.
    private long fullAt;

    private LocalDate day;
    private long tokens;

    /// @param tokens used on this day already
    Quota(InstantSource clock, LongSupplier nanos, long tokens) {
        this.clock = clock;
        this.nanos = nanos;
        this.fullAt = nanos.getAsLong();
        this.day = today();
        this.tokens = tokens;
    }

    /// Lets a request in and takes it off the bucket.
    ///
    /// @return what is left, as headers of the response
    /// @throws ApiException when one of the limits is reached
    synchronized Map<String, List<String>> admit(ClientKey key) {
        if (key.tokensPerDay() > 0 && tokens() >= key.tokensPerDay()) throw noTokens(key);
        if (key.requestsPerMinute() > 0) take(key);
        return left(key);
    }

    private void take(ClientKey key) {
        long interval = MINUTE_NANOS / key.requestsPerMinute();
        long ahead = ahead();
        long wait = ahead - (MINUTE_NANOS - interval);
        if (wait > 0) throw noRequests(key, wait);
        fullAt = nanos.getAsLong() + ahead + interval;
    }

    private long ahead() {
        return Math.max(0, fullAt - nanos.getAsLong());
    }

    private ApiException noRequests(ClientKey key, long waitNanos) {
        long seconds = Math.ceilDiv(waitNanos, TimeUnit.SECONDS.toNanos(1));
        String message = "key '%s' may ask %d times a minute: ask again in %d s";
        return new ApiException(
                        ErrorKind.RATE_LIMIT,
                        message.formatted(key.name(), key.requestsPerMinute(), seconds))
                .headers(left(key))
                .header("retry-after", Long.toString(seconds));
    }

    /// No client waits until midnight, and each try before it is in vain.
    private ApiException noTokens(ClientKey key) {
        Duration left = Duration.between(clock.instant(), midnight());
        String message = "key '%s' has used its %d tokens of this day, which ends at midnight UTC";
        return new ApiException(
                        ErrorKind.RATE_LIMIT, message.formatted(key.name(), key.tokensPerDay()))
                .headers(left(key))
                .header("retry-after", Long.toString(left.plusMillis(999).toSeconds()))
                .notRetried();
    }

    private Map<String, List<String>> left(ClientKey key) {
        var headers = new TreeMap<String, List<String>>();
        if (key.requestsPerMinute() > 0) {
            long interval = MINUTE_NANOS / key.requestsPerMinute();
            long remaining = (MINUTE_NANOS - ahead()) / interval;
            Instant reset = clock.instant().plusNanos(ahead());
            headers.putAll(shown("requests", key.requestsPerMinute(), remaining, reset));
        }
        if (key.tokensPerDay() > 0) {
            long remaining = Math.max(0, key.tokensPerDay() - tokens());
            headers.putAll(shown("tokens", key.tokensPerDay(), remaining, midnight()));
        }
        return headers;
    }

    private static Map<String, List<String>> shown(
            String unit, long limit, long remaining, Instant reset) {
        String time = reset.truncatedTo(ChronoUnit.SECONDS).toString();
        return Map.of(
                PREFIX + unit + "-limit", List.of(Long.toString(limit)),
                PREFIX + unit + "-remaining", List.of(Long.toString(remaining)),
                PREFIX + unit + "-reset", List.of(time));
    }

    /// Counts an answer.
    synchronized void spend(Usage usage) {
        tokens = tokens() + usage.bounded().limitedTokens();
    }

    private long tokens() {
        if (!day.equals(today())) {
            day = today();
            tokens = 0;
        }
        return tokens;
    }

    private LocalDate today() {
        return LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
    }

    private Instant midnight() {
        return today().plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant();
    }
}
