//! Objects and classes of a program in assertions: they stay with the program, and never say whether they are right.

#![cfg(all(feature = "code", target_os = "linux"))]

use r1_rewards::code::*;

/// What an assertion is about, the program, and the assertions.
type Case = (&'static [&'static str], &'static str, &'static str);

fn verdict(judge: &Judge, (functions, source, assert): &(&[&str], String, String)) -> Judgement {
    let functions = functions.iter().map(|&name| name.to_owned()).collect();
    let test = TestCase::Assert { assert: assert.clone(), functions, setup: String::new() };
    judge.judge(&Submission::new(Language::PYTHON, source.as_str()), &[test]).unwrap()
}

const RIGHT: &[Case] = &[
    (
        &["f"],
        "from collections import namedtuple\nP=namedtuple('P','x y')\ndef f(): return P(1,2)",
        "assert f()==(1,2)\nassert f().x==1",
    ),
    (
        &["f"],
        "from enum import IntEnum\nclass C(IntEnum):\n A=1\ndef f(): return C.A",
        "assert f()==1\nassert f().name=='A'",
    ),
    (
        &["f", "C"],
        "from enum import Enum\nclass C(Enum):\n A=1\n B=2\ndef f(x): return C(x)",
        "assert f(1)==C.A\nassert f(1)!=C.B\nassert f(2) is not None\nassert f(1).value==1",
    ),
    (
        &["C"],
        "class C:\n def __enter__(s): s.o=True; return s\n def __exit__(s,*a): s.o=False",
        "c=C()\nwith c as d:\n assert d.o\nassert not c.o",
    ),
    (
        &["C"],
        "class C:\n def __init__(s,n): s.n=n\n def __bool__(s): return s.n>0",
        "assert C(1)\nassert not C(0)",
    ),
    (
        &["f"],
        "def f(x): raise KeyError('k')",
        "try:\n f(1)\n assert False\nexcept KeyError as e:\n assert e.args==('k',)",
    ),
    (&["f"], "def f(d=None): d.append(1)", "x=[]\nf(d=x)\nassert x==[1]"),
    (
        &["f", "E"],
        "class E(Exception): pass\ndef f(): raise E('x')",
        "try:\n f()\n assert False\nexcept E as e:\n assert str(e)=='x'",
    ),
    (
        &["A"],
        "class A:\n K=5\n @staticmethod\n def s(x): return x+1\n @classmethod\n def c(cls): return cls.K",
        "assert A.K==5\nassert A.s(1)==2\nassert A.c()==5",
    ),
    (
        &["f"],
        "from datetime import date\ndef f(y): return date(y,1,1)",
        "from datetime import date\nassert f(2020)==date(2020,1,1)",
    ),
    (
        &["V"],
        "class V:\n def __init__(s,x,y): s.x,s.y=x,y\n def __add__(s,o): return V(s.x+o.x,s.y+o.y)\n def __rmul__(s,k): return V(s.x*k,s.y*k)\n __mul__=__rmul__\n def __matmul__(s,o): return s.x*o.x+s.y*o.y\n def __sub__(s,o): return V(s.x-o.x,s.y-o.y)\n def __eq__(s,o): return s.x==o.x and s.y==o.y\n def __iadd__(s,o): s.x+=o.x; s.y+=o.y; return s",
        "a=V(1,2)\nb=3*a\nassert (b.x,b.y)==(3,6)\nassert a*2==V(2,4)\nassert a@b==15\na+=b\nassert a==V(4,8)\nassert a-b==V(1,2)",
    ),
    (
        &["Stack"],
        "class Stack(list):\n def push(s,x): s.append(x)\n def top(s): return s[-1]",
        "s=Stack()\ns.push(1)\ns.push(2)\nassert s.top()==2\nassert s==[1,2]\nassert len(s)==2\ns.append(5)\nassert s.top()==5\nassert s.pop()==5\nassert s.top()==2",
    ),
    (
        &["D"],
        "class D(dict):\n def inc(s,k): s[k]=s.get(k,0)+1",
        "d=D()\nd.inc('a')\nd.inc('a')\nassert d=={'a':2}\nassert d['a']==2",
    ),
    (
        &["LL", "Node"],
        "class Node:\n def __init__(s,v): s.v=v; s.next=None\nclass LL:\n def __init__(s): s.head=None; s.n=0\n def add(s,v):\n  x=Node(v); x.next=s.head; s.head=x; s.n+=1\n def __len__(s): return s.n\n def __iter__(s):\n  c=s.head\n  while c: yield c.v; c=c.next",
        "l=LL()\nassert not l\nl.add(1)\nl.add(2)\nassert len(l)==2\nassert list(l)==[2,1]\nassert 1 in l\nassert l.head.next.v==1\nassert l.head is l.head\nassert l.head.next.next is None",
    ),
    (
        &["C"],
        "from enum import Enum\nclass C(Enum):\n R=1\n G=2",
        "assert [c.name for c in C]==['R','G']\nassert C['R'] is C.R\nassert C(2)==C.G\nassert len(C)==2\nassert C.R in C\nassert isinstance(C.R,C)\nassert {C.R:5}[C.R]==5",
    ),
    (
        &["f", "A", "B"],
        "class A(Exception): pass\nclass B(A):\n def __init__(s,c): super().__init__(f'code {c}'); s.c=c\ndef f(x):\n if x: raise B(x)\n raise A('a')",
        "try: f(3)\nexcept A as e:\n assert e.c==3 and str(e)=='code 3' and isinstance(e,B)\ntry: f(0)\nexcept B: assert False\nexcept A as e: assert e.args==('a',)",
    ),
    (
        &["S"],
        "class S:\n def __init__(s,d): s.d=d\n def __getitem__(s,i): return s.d[i]\n def __len__(s): return len(s.d)",
        "s=S([1,2,3])\nassert s[0]==1\nassert s[1:]==[2,3]\nassert s[-1]==3",
    ),
    (
        &["f"],
        "from datetime import *\ndef f(): return [date(2020,1,2),datetime(2020,1,2,3),timedelta(days=2),time(1,2)]",
        "from datetime import date,datetime,timedelta,time\nassert f()==[date(2020,1,2),datetime(2020,1,2,3),timedelta(2),time(1,2)]\nassert (f()[0]-date(2020,1,1)).days==1",
    ),
    (
        &["f"],
        "def f(d): return d.year, d",
        "from datetime import date\nd=date(2020,1,1)\nassert f(d)==(2020,d)",
    ),
    (
        &["f"],
        "def f():\n x=0\n while True:\n  y=yield x\n  x=(y or 0)+1",
        "g=f()\nassert next(g)==0\nassert g.send(5)==6",
    ),
    (
        &["A"],
        "class A:\n def __init__(s,x): s.x=x\n def add(s,y): s.x+=y; return s\n @property\n def double(s): return 2*s.x\n def __len__(s): return s.x\n def __getitem__(s,i): return i\n def __contains__(s,i): return i==s.x\n def __str__(s): return f'A{s.x}'\n def __repr__(s): return 'R'",
        "a=A(2)\nassert a.add(3).x==5\nassert a.double==10\nassert len(a)==5\nassert a[7]==7\nassert 5 in a\nassert str(a)=='A5'\nassert repr(a)=='R'\na.x=1\nassert a.x==1",
    ),
    (
        &["P"],
        "from dataclasses import dataclass\n@dataclass\nclass P:\n x:int\n y:int=0",
        "assert P(1)==P(1,0)\nassert P(1)!=P(2)\nassert repr(P(1))=='P(x=1, y=0)'",
    ),
];

/// Values that are no plain data, given and taken.
const ODD: &[Case] = &[
    (
        &["f"],
        "def f(xs): return sum(xs)",
        "assert f(x for x in (1, 2))==3\nassert f(map(int,'12'))==3\nassert f(iter([]))==0\ndef g():\n yield 1\n raise KeyError('k')\ntry:\n f(g())\n assert False\nexcept KeyError: pass",
    ),
    (
        &["f"],
        "def f(xs): return next(xs), next(xs)",
        "i=iter('abc')\nassert f(i)==('a','b')\nassert next(i)=='c'",
    ),
    (
        &["f"],
        "import asyncio\nasync def f(x):\n await asyncio.sleep(0)\n return x",
        "import asyncio\nassert asyncio.run(f(3))==3\nasync def both(): return await asyncio.gather(f(1),f(2))\nassert asyncio.run(both())==[1,2]",
    ),
    (&["f"], "def f(x): return slice(1,x)", "assert [1,2,3][f(2)]==[2]\nassert f(2)==slice(1,2)"),
    (&["f"], "def f(x): return [..., NotImplemented][x]", "assert f(0) is ... and f(1) is NotImplemented"),
    (&["f"], "def f(x): return x is ...", "assert f(...)\nassert not f(NotImplemented)"),
    (&["f"], "def f(x): return memoryview(x)", "assert f(b'ab')==b'ab'"),
];

/// A class whose objects claim everything, and one that hands back what it is told.
const YES: &str = "class E:\n def __init__(s, *a): pass\n def __eq__(s, o): return True\n def __ne__(s, o): return False\n def __lt__(s, o): return True\n __le__ = __gt__ = __ge__ = __lt__\n def __add__(s, o): return E()\n __sub__ = __radd__ = __rsub__ = __mul__ = __truediv__ = __add__\n def __abs__(s): return 0.0\n def __float__(s): return 0.0\n def __int__(s): return 0\n def __round__(s, n=0): return 0\n def __bool__(s): return False\n def __contains__(s, x): return True\n def __len__(s): return 0\n def __neg__(s): return 0\n def __hash__(s): return 5\n";
const ECHO: &str = "class E:\n def __init__(s, *a): pass\n def __sub__(s, o): return 0.0\n __rsub__ = __sub__\n def __add__(s, o): return o\n __radd__ = __add__\n";
const NUMBER: &str = "class E(float):\n def __new__(c, *a): return float.__new__(c, 77)\n def __sub__(s, o): return 0.0\n __rsub__ = __add__ = __radd__ = __sub__\n def __eq__(s, o): return True\n def __lt__(s, o): return True\n __hash__ = float.__hash__\n def __abs__(s): return 0.0\n";

/// Ways of making the functions `NAME` of them, and assertions that an answer of 5 would pass.
const MAKERS: [&str; 3] =
    ["def NAME(x): return E()", "class NAME(E): pass", "class NAME:\n def __new__(c, x): return E()"];
const ASSERTIONS: [&str; 12] = [
    "assert NAME(3) == 5",
    "assert abs(NAME(3) - 5) < 1e-6",
    "assert 1e-6 > abs(5 - NAME(3))",
    "assert NAME(3) < 10",
    "assert not NAME(3) - 5",
    "assert round(NAME(3) - 5, 3) == 0",
    "assert float(NAME(3) - 5) == 0",
    "assert NAME(3) in [4, 5]",
    "assert [NAME(3)] == [5] and {'a': NAME(3)} == {'a': 5}",
    "assert max(NAME(3), 4) == 5",
    "assert {NAME(3)} == {5}",
    "assert sum([NAME(3), -5]) == 0",
];

#[test]
fn objects_and_classes_are_asked_and_compared() {
    let judge = Judge::new().unwrap();
    for &(functions, source, assert) in RIGHT.iter().chain(ODD) {
        let judgement = verdict(&judge, &(functions, source.to_owned(), assert.to_owned()));
        assert_eq!(judgement.verdict, Verdict::Accepted, "{source}\n{assert}\n{judgement:?}");
    }
}

#[test]
fn an_object_is_not_right_by_its_own_word() {
    let judge = Judge::new().unwrap();
    for (name, kinds) in [("f", &[YES][..]), ("Find", &[YES, ECHO, NUMBER])] {
        for kind in kinds {
            for maker in MAKERS {
                let source = format!("{kind}{}", maker.replace("NAME", name));
                for assert in ASSERTIONS {
                    let assert = assert.replace("NAME", name);
                    let judgement = verdict(&judge, &(&[name], source.clone(), assert.clone()));
                    let refused = matches!(judgement.verdict, Verdict::WrongAnswer | Verdict::RuntimeError);
                    assert!(refused, "{source}\n{assert}\n{judgement:?}");
                }
            }
        }
    }
}
