package ccproxy.observe;

/// The memory that the exchange of this thread may take for what it has to hold whole. A thread
/// that works for no exchange may take what it likes.
@FunctionalInterface
public interface Allowance {
    /// What costs less is not worth the counting.
    int BYTES_MIN = 64 << 10;

    /// Takes some more.
    ///
    /// @throws RuntimeException when there is not so much
    void take(long bytes);

    /// {@return that of this thread's exchange}
    static Allowance current() {
        return AllowanceScope.CURRENT.orElse(_ -> {});
    }

    /// Runs a task that has this allowance.
    default void run(Runnable task) {
        ScopedValue.where(AllowanceScope.CURRENT, this).run(task);
    }
}
