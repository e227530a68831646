// Workload W in C++, as fast as this author can make it: the same generator, addresses, precision and rules
// as fundsim.  One group of paths fills a vector register; everything between a counter and the ledger stays
// in registers, and a group's books (about 1.5 kB a county) stay in the first-level cache.
//
// Vectors are GCC's and Clang's vector extensions, as wide as the processor's.  float32 shocks, float64 money.

#include <cmath>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>
#if defined(__AVX__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
constexpr int BYTES = 64;
#elif defined(__AVX2__)
constexpr int BYTES = 32;
#else
constexpr int BYTES = 16;
#endif
constexpr int N = BYTES / 4, H = BYTES / 8;  // paths of a group; half of them, in float64
typedef float F __attribute__((vector_size(BYTES)));
typedef int32_t I __attribute__((vector_size(BYTES)));
typedef uint32_t U __attribute__((vector_size(BYTES)));
typedef double D __attribute__((vector_size(BYTES)));
typedef int64_t L __attribute__((vector_size(BYTES)));
typedef float HF __attribute__((vector_size(BYTES / 2)));
#define INLINE static inline __attribute__((always_inline))

template <class To, class From> INLINE To bits(From x) {
    To y;
    memcpy(&y, &x, sizeof y);
    return y;
}

// ---- a group's float64 values: two registers

struct M {
    D lo, hi;
};
INLINE M operator+(M a, M b) { return {a.lo + b.lo, a.hi + b.hi}; }
INLINE M operator-(M a, M b) { return {a.lo - b.lo, a.hi - b.hi}; }
INLINE M operator*(M a, M b) { return {a.lo * b.lo, a.hi * b.hi}; }
INLINE M operator*(double a, M b) { return {a * b.lo, a * b.hi}; }
INLINE M operator/(M a, M b) { return {a.lo / b.lo, a.hi / b.hi}; }
INLINE M all(double x) { return {x - D{}, x - D{}}; }
INLINE D least(D a, D b) { return a < b ? a : b; }
INLINE M min(M a, M b) { return {least(a.lo, b.lo), least(a.hi, b.hi)}; }
INLINE M max(M a, M b) { return {a.lo > b.lo ? a.lo : b.lo, a.hi > b.hi ? a.hi : b.hi}; }
INLINE M positive(M a) { return max(a, all(0)); }
INLINE M wide(F x) {
#if defined(__AVX512F__)
    return {(D)_mm512_cvtps_pd(_mm512_castps512_ps256((__m512)x)),
            (D)_mm512_cvtps_pd((__m256)_mm512_extractf64x4_pd((__m512d)x, 1))};
#else
    HF lo, hi;
    memcpy(&lo, &x, sizeof lo);
    memcpy(&hi, (const char *)&x + sizeof lo, sizeof hi);
    return {__builtin_convertvector(lo, D), __builtin_convertvector(hi, D)};
#endif
}

// ---- Threefry-4x32-13 (Salmon et al. 2011)

template <int R> INLINE U turn(U x) { return (x << R) | (x >> (32 - R)); }
template <int A, int B> INLINE void mix(U &a, U &b, U &c, U &d) {
    a += b;
    b = turn<A>(b) ^ a;
    c += d;
    d = turn<B>(d) ^ c;
}
INLINE void even(U &a, U &b, U &c, U &d) {
    mix<10, 26>(a, b, c, d);
    mix<11, 21>(a, d, c, b);
    mix<13, 27>(a, b, c, d);
    mix<23, 5>(a, d, c, b);
}
INLINE void odd(U &a, U &b, U &c, U &d) {
    mix<6, 20>(a, b, c, d);
    mix<17, 11>(a, d, c, b);
    mix<25, 10>(a, b, c, d);
    mix<18, 20>(a, d, c, b);
}
INLINE void words(U w[4], U path, uint32_t county, uint32_t time, uint32_t why, const uint32_t key[2]) {
    const uint32_t k0 = key[0], k1 = key[1], k4 = 0x1BD11BDAu ^ k0 ^ k1;  // k2 and k3 are 0
    U a = path + k0, b = U{} + (county + k1), c = U{} + time, d = U{} + why;
    even(a, b, c, d);
    a += k1; d += k4 + 1;
    odd(a, b, c, d);
    c += k4; d += k0 + 2;
    even(a, b, c, d);
    b += k4; c += k0; d += k1 + 3;
    mix<6, 20>(a, b, c, d);
    w[0] = a; w[1] = b; w[2] = c; w[3] = d;
}

// ---- normals (Box and Muller 1958) and 2^x in float32

INLINE F root(F x) {
#if defined(__AVX512F__)
    return (F)_mm512_sqrt_ps((__m512)x);
#elif defined(__AVX2__)
    return (F)_mm256_sqrt_ps((__m256)x);
#else
    F y;
    for (int i = 0; i < N; i++) y[i] = sqrtf(x[i]);
    return y;
#endif
}
INLINE void pair(F &z0, F &z1, U a, U b) {
    F x = __builtin_convertvector((I)(a >> 1), F) + 0.5f;
    I i = bits<I>(x) - 0x3F3504F3;
    F f = bits<F>((i & 0x007FFFFF) + 0x3F3504F3) - 1.0f;
    F p = 0.125839233f * f - 0.207265168f;
    p = p * f + 0.215712011f;
    p = p * f - 0.238945365f;
    p = p * f + 0.287916839f;
    p = p * f - 0.360703677f;
    p = p * f + 0.480910599f;
    p = p * f - 0.721347332f;
    p = p * f + 1.44269502f;
    F minus = (31.0f - __builtin_convertvector(i >> 23, F)) - f * p;
    F radius = root(minus * 1.38629436f);
    F y = __builtin_convertvector((I)b, F) * 4.65661287e-10f, q = y * y;
    F s = 0.00015167978f * q - 0.00467416039f;
    s = s * q + 0.0796899274f;
    s = s * q - 0.645963788f;
    s = (s * q + 1.57079637f) * y;
    F c = 0.00085969007f * q - 0.0208139667f;
    c = c * q + 0.253653209f;
    c = c * q - 1.23369888f;
    c = c * q + 1.0f;
    z0 = bits<F>(bits<U>(radius * c) ^ (b << 31));
    z1 = radius * s;
}
INLINE void normals(F z[4], const U w[4]) {
    pair(z[0], z[1], w[0], w[1]);
    pair(z[2], z[3], w[2], w[3]);
}
INLINE F exp2(F t) {
    const float magic = 12582912.0f;  // 1.5 x 2^23: adding it rounds to a whole number
    F u = t + magic, f = t - (u - magic);
    F p = 0.00132647529f * f + 0.00967151206f;
    p = p * f + 0.0555073358f;
    p = p * f + 0.240222424f;
    p = p * f + 0.693147004f;
    p = p * f + 1.0f;
    return bits<F>(bits<I>(p) + (bits<I>(u) << 23));
}

// ---- the model

struct Parameters {  // as peers/cpp_peer.py fills it; logarithms to base 2
    double base[2], balance, city_scale, county_scale, persistence, monthly_scale[2], monthly_mean[2];
    double profile[2][12], top_up, to_pool, pool_part, city_part, per_month;
    int32_t settlement_month, bins;
};
struct County {
    F part[4], deviation[4];
    M level[4], balance[2], result[2], unsettled[2];
};
struct Tallies {
    std::vector<int64_t> months;
    std::vector<L> negative, depleted;
    std::vector<D> sums;
    Tallies(int years, int counties, int bins)
        : months(years * 2 * bins), negative(years * 2), depleted(years * 2 * counties), sums(years * 8) {}
};

enum { CITY_YEAR = 1, COUNTY_YEAR = 3, COUNTY_MONTH = 4 };

struct Run {
    const Parameters &p;
    const uint32_t *key, *ids;
    int counties, years;
    float scale[2], mean[2];
    double share[2][12];
    Run(const Parameters &p, const uint32_t *key, const uint32_t *ids, int counties, int years)
        : p(p), key(key), ids(ids), counties(counties), years(years) {
        for (int k = 0; k < 2; k++) {
            scale[k] = p.monthly_scale[k], mean[k] = p.monthly_mean[k];
            for (int m = 0; m < 12; m++) share[k][m] = p.profile[k][m];
        }
    }
};

// months [from, until) of one county, each fund's net flow added to net[month].  Three short loops over a buffer
// of months: a month's chain from counter to ledger is too long for the processor to overlap with the next.
INLINE void county_months(const Run &run, County &k, uint32_t id, int y, int from, int until, U path, M (*net)[2],
                          M claims[2]) {
    U w[12][4];
    F z[12][4];
    for (int m = from; m < until; m++) words(w[m], path, id, 16 * y + m + 1, COUNTY_MONTH, run.key);
    for (int m = from; m < until; m++) normals(z[m], w[m]);
    for (int f = 0; f < 2; f++) {
        const M in_level = k.level[2 * f], out_level = k.level[2 * f + 1];
        M result = k.result[f], spent = claims[f];
        for (int m = from; m < until; m++) {
            M in = run.share[0][m] * in_level * wide(exp2(z[m][2 * f] * run.scale[0] - run.mean[0]));
            M out = run.share[1][m] * out_level * wide(exp2(z[m][2 * f + 1] * run.scale[1] - run.mean[1]));
            M flow = in - out;
            result = result + flow;
            net[m][f] = net[m][f] + flow;
            spent = spent + out;
        }
        k.result[f] = result, claims[f] = spent;
    }
}

static void group(const Run &run, uint32_t first, int64_t lanes, County *county, Tallies &t, double *closing) {
    const Parameters &p = run.p;
    U path;
    L live_lo, live_hi;
    for (int i = 0; i < N; i++) path[i] = first + i;
    for (int i = 0; i < H; i++) live_lo[i] = -(i < lanes), live_hi[i] = -(i + H < lanes);
    F city[4] = {};
    M pool[2] = {}, paid[2][2] = {}, claims[2];
    for (int f = 0; f < 2; f++) claims[f] = all(p.base[1] * run.counties);
    memset(county, 0, run.counties * sizeof *county);
    for (int c = 0; c < run.counties; c++)
        for (int f = 0; f < 2; f++) county[c].balance[f] = all(p.balance);
    for (int y = 0; y < run.years; y++) {
        U w[4];
        F z[4];
        words(w, path, 0, 16 * y, CITY_YEAR, run.key);
        normals(z, w);
        for (int k = 0; k < 4; k++) city[k] = (float)p.persistence * city[k] + (float)p.city_scale * z[k];
        M reserves[2] = {pool[0], pool[1]}, held[2] = {};
        for (int c = 0; c < run.counties; c++) {
            County &k = county[c];
            words(w, path, run.ids[c], 16 * y, COUNTY_YEAR, run.key);
            normals(z, w);
            for (int i = 0; i < 4; i++) {
                k.part[i] = (float)p.persistence * k.part[i] + (float)p.county_scale * z[i];
                k.deviation[i] += city[i] + k.part[i];
                k.level[i] = p.base[i % 2] * wide(exp2(k.deviation[i]));
            }
            for (int f = 0; f < 2; f++) {
                k.unsettled[f] = k.result[f];
                k.result[f] = all(0);
                held[f] = held[f] + k.balance[f];
                reserves[f] = reserves[f] + (k.balance[f] + k.unsettled[f]);
            }
        }
        if (y > 0)
            for (int f = 0; f < 2; f++) {
                M given = min(positive(p.top_up * claims[f] - pool[f]), held[f]);
                M part = given / max(held[f], all(1e-300));
                pool[f] = pool[f] + given;
                for (int c = 0; c < run.counties; c++)
                    county[c].balance[f] = county[c].balance[f] - county[c].balance[f] * part;
            }
        M net[12][2] = {}, lowest[2];
        claims[0] = claims[1] = all(0);
        const int july = p.settlement_month;
        for (int c = 0; c < run.counties; c++)
            county_months(run, county[c], run.ids[c], y, 0, july, path, net, claims);
        for (int m = 0; m < 12; m++) {
            if (m == july)
                for (int c = 0; c < run.counties; c++)
                    county_months(run, county[c], run.ids[c], y, july, 12, path, net, claims);
            for (int f = 0; f < 2; f++) {
                reserves[f] = reserves[f] + net[m][f];
                if (m + 1 == july && y > 0) {
                    M gaps = all(0);
                    for (int c = 0; c < run.counties; c++) {
                        M u = county[c].unsettled[f], surplus = positive(u), deficit = surplus - u;
                        M balance = county[c].balance[f] + (1 - p.to_pool) * surplus;
                        M own = min(deficit, balance), gap = deficit - own;
                        pool[f] = pool[f] + p.to_pool * surplus;
                        county[c].balance[f] = balance - own;
                        gaps = gaps + gap;
                        L &n = t.depleted[(y * 2 + f) * run.counties + c];
                        n -= ((gap.lo > 0) & live_lo) + ((gap.hi > 0) & live_hi);
                    }
                    M asked = p.pool_part * gaps, drawn = min(asked, pool[f]), unpaid = asked - drawn;
                    M by_county = (1 - p.pool_part) * gaps + (1 - p.city_part) * unpaid;
                    M by_city = p.city_part * unpaid;
                    pool[f] = pool[f] - drawn;
                    paid[0][f] = paid[0][f] + by_county;
                    paid[1][f] = paid[1][f] + by_city;
                    reserves[f] = reserves[f] + (by_county + by_city);
                }
                lowest[f] = m == 0 ? reserves[f] : min(lowest[f], reserves[f]);
            }
        }
        for (int f = 0; f < 2; f++) {
            t.negative[2 * y + f] -= ((lowest[f].lo < 0) & live_lo) + ((lowest[f].hi < 0) & live_hi);
            M bin = min(positive(p.per_month * (reserves[f] / claims[f])), all(p.bins - 1));
            double bins[N];
            memcpy(bins, &bin, sizeof bins);
            for (int i = 0; i < lanes; i++) t.months[(2 * y + f) * p.bins + (int)bins[i]]++;
            D *s = &t.sums[(2 * y + f) * 4];
            const M what[4] = {reserves[f], reserves[f] * reserves[f], paid[0][f], paid[1][f]};
            for (int k = 0; k < 4; k++)
                s[k] += bits<D>(bits<L>(what[k].lo) & live_lo) + bits<D>(bits<L>(what[k].hi) & live_hi);
        }
    }
    if (closing == nullptr) return;
    for (int f = 0; f < 2; f++) {  // (counties + 3, 2, N): counties, pool, what county treasuries and the city's paid
        for (int c = 0; c < run.counties + 3; c++) {
            M x = c < run.counties ? county[c].balance[f] + county[c].result[f]
                  : c == run.counties ? pool[f]
                                      : paid[c - run.counties - 1][f];
            memcpy(closing + (c * 2 + f) * N, &x, sizeof x);
        }
    }
}

extern "C" {

// paths of a group, hence of each block of `closing`
int group_size() { return N; }

// Tallies as in benchmarks/workload.py, added to; `closing` may be null, else (groups, counties + 3, 2, N)
void run_w(const Parameters *p, const uint32_t *key, const uint32_t *ids, int counties, int years, int64_t paths,
           int threads, int64_t *months, int64_t *negative, int64_t *depleted, double *sums, double *closing) {
    const int64_t groups = (paths + N - 1) / N;
    std::vector<Tallies> tallies(threads, Tallies(years, counties, p->bins));
    auto work = [&](int thread) {
        std::vector<County> county(counties);
        const Run run(*p, key, ids, counties, years);
        for (int64_t g = groups * thread / threads; g < groups * (thread + 1) / threads; g++) {
            double *at = closing ? closing + g * (counties + 3) * 2 * N : nullptr;
            group(run, g * N, paths - g * N < N ? paths - g * N : N, county.data(), tallies[thread], at);
        }
    };
    std::vector<std::thread> pool;
    for (int i = 1; i < threads; i++) pool.emplace_back(work, i);
    work(0);
    for (auto &t : pool) t.join();
    for (auto &t : tallies) {
        for (size_t i = 0; i < t.months.size(); i++) months[i] += t.months[i];
        for (int lane = 0; lane < H; lane++) {
            for (size_t i = 0; i < t.negative.size(); i++) negative[i] += t.negative[i][lane];
            for (size_t i = 0; i < t.depleted.size(); i++) depleted[i] += t.depleted[i][lane];
            for (size_t i = 0; i < t.sums.size(); i++) sums[i] += t.sums[i][lane];
        }
    }
}
}
