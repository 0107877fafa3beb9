package ccproxy.observe;

/// Where the allowance of this thread's exchange is.
final class AllowanceScope {
    static final ScopedValue<Allowance> CURRENT = ScopedValue.newInstance();

    private AllowanceScope() {}
}
